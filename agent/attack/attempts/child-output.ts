/** Starts a program that prints its values and ends, and collects its output. For rows 7 to 10. */
import { spawnSync } from 'node:child_process'
import { empty, Impossible, type Outcome, refused, search, type Target } from '../attempt.ts'
import { CANARY_VARIABLE } from '../targets/canary.ts'

export interface Said {
  readonly output: Buffer
  readonly complaints: string
  readonly signal: NodeJS.Signals | null
}

export interface HowTo {
  /** Added to the target's environment. */
  readonly env?: Readonly<Record<string, string>>
  readonly argv0?: string
}

/** Under emulation a shell takes half a second, and where the agent delivers it waits for that. */
const LONGEST_MS = 60_000

/** Lets a shell say its value itself, without another program's help. */
export const SAY = `printf %s "$${CANARY_VARIABLE}"`

/**
 * With the environment of the target: its variable holds the needle, or its agent's placeholder.
 * @throws Error of the start, with its errno
 */
export function speak(target: Target, path: string, args: readonly string[], { env, argv0 }: HowTo = {}): Said {
  const done = spawnSync(path, args, {
    env: { ...environmentOf(target), ...env },
    ...(argv0 !== undefined && { argv0 }),
    timeout: LONGEST_MS,
    killSignal: 'SIGTERM',
  })
  if (done.error) throw done.error
  return { output: done.stdout, complaints: done.stderr.toString('latin1'), signal: done.signal }
}

/** The content of the target's variable: the needle, or a placeholder. */
export function variableOf(target: Target): string {
  return environmentOf(target)[CANARY_VARIABLE] ?? ''
}

function environmentOf({ start }: Target): Readonly<Record<string, string>> {
  if (!start) throw new Impossible('no command to start the target with')
  return start.env
}

/** The bound shell. @throws Impossible where there is none */
export function shellOf({ shell }: Pick<Target, 'shell'>): string {
  if (shell === undefined) throw new Impossible('there is no shell to bind')
  return shell
}

/** Killed at its exec, as a seal does that cannot deliver: then it said nothing, and that is an end as well. */
export function judgeSaid({ output, complaints, signal }: Said, { needle }: Target): Outcome {
  const found = search(output, needle, 'its output')
  if (found.kind === 'leaked') return found
  if (signal === 'SIGKILL') return empty('a process killed by SIGKILL at its exec')
  if (signal !== null) throw new Error(`it was ended by ${signal}`)
  if (/Operation not permitted|Permission denied/.test(complaints)) return refused('open', 'EPERM')
  return found
}

/** Without it "said nothing" could be a program that never says anything, or a placeholder without an owner. */
export function control(target: Target, path: string): void {
  const { output } = speak(target, path, ['-c', SAY])
  if (!output.includes(target.needle)) throw new Error('control failed: the bound program itself has no value')
}
