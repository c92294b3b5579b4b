/** Which code a count is about: the kernel's programs, the agent's part in delivery and refusal, and the test itself. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')
const ENFORCES = [
  'bpf',
  ...[
    'canary',
    'delivery',
    'events',
    'exec',
    'libbpf',
    'linux',
    'node',
    'policy',
    'reload',
    'run',
    'scope',
    'wire',
  ].map((room) => `agent/${room}`),
]

/**
 * The first 12 digits of a SHA-256 over paths and contents, the same on every machine.
 * @param files below test/stress @returns file → digits
 * @throws Error while one of the files differs from its commit: there would be no telling which code a figure is of
 */
export function codesOf(files: readonly string[]): ReadonlyMap<string, string> {
  const changed = git('status', '--porcelain', '--', ...ENFORCES, 'test/stress', 'test/support')
  if (changed) throw new Error(`commit these first, since figures are kept with the code that they are of:\n${changed}`)
  return new Map(files.map((file) => [file, codeOf(file)]))
}

function codeOf(file: string): string {
  const listed = git('ls-files', '-s', '--', ...ENFORCES, `test/stress/${file}`)
  return createHash('sha256').update(listed).digest('hex').slice(0, 12)
}

function git(...words: string[]): string {
  return execFileSync('git', words, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 })
}
