/**
 * Programs that the kubelet or a person puts beside the application: probes, hooks, steps of a build. They are visitors, whatever
 * container they are in, and see placeholders.
 */
import type { Container } from '../pod/pod.ts'
import type { Advised } from './advice.ts'
import { type Command, commandsBeside, expandedIn, ownCommand, shellText } from './commands.ts'

export function warnAboutVisitors(advised: Advised): string[] {
  return advised.covered.flatMap(({ container, sealed }) =>
    sealed.size === 0 ? [] : [...warnAboutProbes(advised, container, sealed), ...warnAboutSteps(container)],
  )
}

function warnAboutProbes({ config }: Advised, container: Container, sealed: ReadonlySet<string>): string[] {
  // The author has thought of visitors here.
  const isServed = config.secrets.some(
    ({ selector }) => selector.lineage === 'any' && (selector.container ?? container.name) === container.name,
  )
  const risky = isServed ? [] : commandsBeside(container).filter((command) => mayNeed(command, sealed))
  if (risky.length === 0) return []
  const where = risky.map((command) => command.where).join(', ')
  return [`${where} of container ${container.name}: placeholders, no secrets (bind the program with \`lineage: any\`)`]
}

/** Programs of probes that log in nowhere. */
const HARMLESS =
  /^(cat|test|\[|true|ls|stat|pgrep|pidof|kill|sleep|echo|nc|rm|touch|grpc_health_probe|curl|wget|pg_isready)$/

/** It names a sealed variable, or runs a program that may ask for one: a script, a client. */
function mayNeed({ words }: Command, sealed: ReadonlySet<string>): boolean {
  const text = shellText(words)
  if ([...expandedIn(text)].some((variable) => sealed.has(variable))) return true
  const programs = text === undefined ? [words[0] ?? ''] : text.split(/[;|&\n]+/).map(firstWord)
  return programs.some((program) => !HARMLESS.test(program.slice(program.lastIndexOf('/') + 1)))
}

const firstWord = (text: string): string =>
  /^\s*(?:(?:exec|if|then|else|while|until|!|\[\[?)\s+)*([^\s]*)/.exec(text)?.[1] ?? ''

/** An entrypoint that only waits: the work is done by sessions into it. */
function warnAboutSteps(container: Container): string[] {
  const [program = '', ...more] = ownCommand(container)
  const waits = /(^|\/)(cat|sleep)$/.test(program) || (/(^|\/)tail$/.test(program) && more.includes('/dev/null'))
  return waits ? [`container ${container.name} only waits (\`${program}\`): sessions into it see placeholders`] : []
}
