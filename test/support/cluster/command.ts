/** The command line, as a person runs it with the cluster's kubeconfig. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Any, REPOSITORY } from './cluster.ts'

/** The agent's image, as the manifests name it. */
export const AGENT_IMAGE = `kernelseal-agent:${JSON.parse(readFileSync(join(REPOSITORY, 'agent/package.json'), 'utf8')).version}`

export async function kernelseal(...args: string[]) {
  const run = promisify(execFile)(process.execPath, [join(REPOSITORY, 'agent/main.ts'), ...args])
  const { stdout, stderr, code = 0 } = await run.catch((error: Any) => error)
  return { status: code as number, stdout: stdout as string, stderr: stderr as string }
}
