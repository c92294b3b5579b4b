/**
 * An agent without work that keeps the kernel's programs loaded while a test file starts and stops others: of an agent's start and end
 * under emulation, loading and unloading them is three quarters. Worth it from three starts on.
 */
import { after, before } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { surveyNode } from '../../../agent/scope/status.ts'
import { type Agent, kernelseal, printerConfig, startAgent } from '../agent-under-test.ts'

/** A scope that no process ever enters. */
const GROUP = '/kernelseal-kept'
/** It protects nothing, so that attempts under `mode: disabled` work. */
const CONFIG = printerConfig('mode: disabled')
/** Longest time for the scopes of Pods that were ended to be gone: the kernel takes them away with their init. */
const SCOPES_END_MS = 5_000

let keeper: Agent | undefined

/** For the whole file, before its own hooks. */
export function keepProgramsLoaded(): void {
  before(async () => {
    keeper = await startAgent({ config: CONFIG, env: { SOURCE: 'none' }, args: ['--cgroup', GROUP], log: 'dropped' })
  })
  after(end)
}

/** After a test that may leave a scope without an agent: takes everything away, unless only the kept programs are left. */
export async function unloadLeft(): Promise<void> {
  const deadline = Date.now() + SCOPES_END_MS
  while (keeper && Date.now() < deadline) {
    if (!scopesLeft().length) return
    await sleep(100)
  }
  if (keeper) console.error(`programs are kept no longer, for scopes are left: ${scopesLeft().join(', ')}`)
  kernelseal(['unload', '--force'])
  await end()
}

async function end(): Promise<void> {
  await keeper?.stop()
  keeper = undefined
}

const scopesLeft = (): number[] =>
  (surveyNode()?.scopes ?? []).filter(({ cgroup }) => cgroup !== GROUP).map(({ scope }) => scope)
