/** The commands a container runs beside its own: of probes and lifecycle hooks. */
import { PROBES } from '../pod/containers.ts'
import { type Container, isObject } from '../pod/pod.ts'

export interface Command {
  /** `livenessProbe`, `preStop`, … */
  readonly where: string
  readonly words: readonly string[]
}

const HOOKS = ['postStart', 'preStop'] as const

/** Commands of exec probes and hooks; HTTP and TCP ones run no program. */
export function commandsBeside(container: Container): Command[] {
  const { lifecycle } = container
  const hooks = HOOKS.map((where) => [where, isObject(lifecycle) ? lifecycle[where] : undefined] as const)
  const all = [...PROBES.map((where) => [where, container[where]] as const), ...hooks]
  return all.flatMap(([where, handler]) => {
    const words = isObject(handler) && isObject(handler.exec) ? textsOf(handler.exec.command) : []
    return words.length === 0 ? [] : [{ where, words }]
  })
}

/** The container's own, as far as the Pod says it; the image may say more. */
export const ownCommand = ({ command, args }: Container): readonly string[] => [...textsOf(command), ...textsOf(args)]

const textsOf = (list: unknown): readonly string[] =>
  Array.isArray(list) ? list.filter((word) => typeof word === 'string') : []

const SHELL = /(^|\/)(ba|da|a|z|k)?sh$/

/** Characters of a script that are looked at: the work is bounded, and these are warnings. */
const MAX_SCRIPT = 4096

/** The text a shell is given to run (`sh -ec TEXT`), or its beginning; undefined where the first word is no shell. */
export function shellText(words: readonly string[]): string | undefined {
  if (!SHELL.test(words[0] ?? '')) return undefined
  const option = words.findIndex((word) => /^-[a-z]*c$/.test(word))
  return option < 0 ? undefined : words[option + 1]?.slice(0, MAX_SCRIPT)
}

const NONE: ReadonlySet<string> = new Set()

/** @returns the variables whose values a shell would put there; none where no shell runs a text */
export function expandedIn(text: string | undefined): ReadonlySet<string> {
  if (text === undefined) return NONE
  const found = text.matchAll(/\$\{?([A-Za-z_][A-Za-z0-9_]*)/g)
  return new Set([...found].map(([, name = '']) => name))
}
