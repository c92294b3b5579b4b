/** Which files a command opens to read and write, inside a scope or outside of all. */
import { spawnSync } from 'node:child_process'
import type { PidNamespace } from './pid-namespace.ts'

export type Run = PidNamespace['run']

const OPENS = 'for path; do { : <>"$path"; } 2>/dev/null && echo "ok $path" || echo "no $path"; done'

/** In no scope: as this process. */
export const outside: Run = ([program = '', ...args]) => spawnSync(program, args, { encoding: 'latin1' })

/** @returns a line for each path, as `verdict` has it */
export const opens = (run: Run, paths: readonly string[]): string[] =>
  run(['/bin/bash', '-c', OPENS, '-', ...paths], { PATH: '/usr/bin' })
    .stdout.trim()
    .split('\n')

export const verdict = (word: 'ok' | 'no', paths: readonly string[]): string[] => paths.map((path) => `${word} ${path}`)
