/** The outer half's other child: the command itself, with this process's terminal, signals and exit status. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { receiveSigusr1 } from '../linux/runtime.ts'

/** As env(1) and shells say it: found and not executable, not found. */
const NOT_EXECUTABLE = 126
const NOT_FOUND = 127

/** Signals sent to `kernelseal exec` that are meant for the command. */
const PASSED = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGCONT'] as const
/** A terminal sends these to the command itself too: it is in the same process group. */
const FROM_TERMINAL: readonly string[] = ['SIGINT', 'SIGQUIT']

/** @returns its exit status; 128 and the signal's number when a signal ended it */
export async function runCommand(
  [file = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  complain: (text: string) => void,
): Promise<number> {
  const child = spawn(file, args, { env, stdio: 'inherit' })
  const stop = passSignals(child)
  try {
    const [status, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    return status ?? 128 + constants.signals[signal!]
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    complain(code === 'ENOENT' ? `\`${file}\` is not found` : `\`${file}\` cannot be started: ${message}`)
    return code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE
  } finally {
    stop()
  }
}

function passSignals(child: ChildProcess): () => void {
  const pass = (signal: NodeJS.Signals): void => {
    if (!(process.stdin.isTTY && FROM_TERMINAL.includes(signal))) child.kill(signal)
  }
  for (const signal of PASSED) process.on(signal, pass)
  receiveSigusr1()
  return () => {
    for (const signal of PASSED) process.off(signal, pass)
  }
}
