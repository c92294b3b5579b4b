/** Helm against the control plane, with a home of its own. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { HELM } from '../helm.ts'
import { REPOSITORY } from './cluster.ts'

/** Charts that were packaged, and caches. The runner gives each file a process of its own. */
export const HELM_HOME = mkdtempSync(join(tmpdir(), 'kernelseal-helm-'))
process.once('exit', () => rmSync(HELM_HOME, { recursive: true, force: true }))
const PATH = HELM === undefined ? process.env.PATH : `${dirname(HELM)}:${process.env.PATH}`
const env = { ...process.env, PATH, HELM_CACHE_HOME: HELM_HOME, HELM_CONFIG_HOME: HELM_HOME, HELM_DATA_HOME: HELM_HOME }
const run = promisify(execFile)

/** @throws Error with Helm's words */
export async function helm(...args: readonly string[]): Promise<string> {
  return (await run('helm', [...args], { env, maxBuffer: 2 ** 26 })).stdout
}

/** A line of a page, run where its reader is: in the repository. @returns its output @throws Error with the line's words */
export async function runLine(line: string): Promise<string> {
  return (await run('bash', ['-euc', line], { env, cwd: REPOSITORY })).stdout
}
