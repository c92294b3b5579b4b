/** A bound program that sleeps with its value: a target of accesses, by others and by itself. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { type Agent, eventually, startAgent } from './agent-under-test.ts'

export const SECRET = 'mode-secret-51c2a8'
/** An interpreter by its real path: a binding of a link gives nothing. */
export const PYTHON = readlinkSync('/usr/bin/python3').replace(/^(?!\/)/, '/usr/bin/')

/** @param more keys of the policy, after a comma */
export const config = (mode: string, more = ''): string => `
version: v1
policy: { mode: ${mode}${more} }
secrets:
  - name: sleeper
    selector: { binary: /usr/bin/sleep }
    secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
  - name: python
    selector: { binary: ${PYTHON} }
    secretRefs: [{ name: OWN, source: { envRef: SOURCE } }]
`

/** Runs `body` with an agent and a bound process that has its value. */
export async function withSleeper(
  mode: string,
  body: (agent: Agent, pid: number) => Promise<void> | void,
): Promise<void> {
  const agent = await startAgent({ config: config(mode), env: { SOURCE: SECRET } })
  const child: ChildProcess = spawn('/usr/bin/sleep', ['600'], { env: { PATH: '/usr/bin', ...agent.placeholders } })
  const pid = child.pid as number
  try {
    const mine = (e: Record<string, unknown>) => e.tag === 'INJECT' && (e.actor as { pid: number }).pid === pid
    await eventually('delivery', () => agent.events().some(mine))
    await eventually('its sleep', () => isAsleep(pid))
    await body(agent, pid)
  } finally {
    child.kill('SIGKILL')
    await agent.stop()
  }
}

/**
 * It has run its first instructions, and so has its value: the kernel reports a delivery at the exec, also one that it asks the agent to
 * write while the program is stopped (half of the starts on 5.10).
 */
const isAsleep = (pid: number): boolean => / \(sleep\) S /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
