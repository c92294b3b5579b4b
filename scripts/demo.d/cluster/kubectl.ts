/** Commands as a person types them, and their output. */
import { execFile } from 'node:child_process'
import { shortened, tell } from '../say.ts'

export interface Printed {
  readonly stdout: string
  readonly stderr: string
}

interface Difference {
  /** Shown in place of the command. */
  readonly as?: string
  /** The command's standard input. */
  readonly input?: string
}

/** Shows the command and its output. @param last only so many lines, the last ones */
export async function shown(command: string, last?: number, { as, input }: Difference = {}): Promise<Printed> {
  tell(`$ ${as ?? command}`)
  const printed = await captured(command, input)
  const lines = `${printed.stdout}${printed.stderr}`.trimEnd().split('\n').filter(isOfInterest)
  tell(shortened(lines.slice(last === undefined ? 0 : -last).join('\n')))
  return printed
}

/** kubectl's remark under a command that exits with another status than 0. */
const isOfInterest = (line: string): boolean => line !== '' && !line.startsWith('command terminated with exit code')

/** A status is no error: some are meant to fail. */
export function captured(command: string, input = ''): Promise<Printed> {
  const { promise, resolve } = Promise.withResolvers<Printed>()
  const child = execFile('sh', ['-c', command], { maxBuffer: 2 ** 24 }, (_, stdout, stderr) =>
    resolve({ stdout, stderr }),
  )
  child.stdin?.end(input)
  return promise
}
