/** A program in C that a test brings along, compiled where it runs. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync } from 'node:fs'
import { basename, join } from 'node:path'

/** In a folder that every user may enter, and every container of a test sees. @returns the program's path */
export function compiled(source: string, ...options: readonly string[]): string {
  const folder = mkdtempSync('/run/kernelseal-compiled-')
  chmodSync(folder, 0o755)
  const program = join(folder, basename(source, '.c'))
  const { status, stderr } = spawnSync('gcc', ['-O2', ...options, '-o', program, source], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return program
}
