/**
 * Readiness is proved, not assumed: a process is sealed with a random value, and the agent, for a moment without its own
 * privileges, tries to read it in every way. Each way must work with the privileges and be refused without.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Finding } from '../events/sinks/metrics.ts'
import { eventually, type Pauses } from '../linux/poll.ts'
import { NO_INSPECTOR } from '../linux/runtime.ts'
import type { Guard } from '../node/guard.ts'
import { MIN_CAPACITY, placeholder } from '../policy/secrets/placeholder.ts'
import type { Policy } from '../policy/types.ts'
import { AGENT_MODE, CANARY_BINDING, CANARY_VALUE } from '../wire/constants.ts'
import { encode } from '../wire/encode.ts'
import { ALTERNATIVE, NAME, NAME_KEY, SLOT, SLOT_KEY, VALUE, VALUE_KEY } from '../wire/generated.ts'
import { isRefused, ways } from './probes.ts'

/** 16 random bytes in hex, well below the smallest placeholder. */
const NEEDLE_BYTES = 16
const VARIABLE = 'KERNELSEAL_CANARY'
/** Natively a millisecond. On a machine that starts all of its Pods at once it takes its turn, and only readiness waits. */
const DELIVERY_MS = 120_000
const LOOK_MS: Pauses = [5, 200]

/** @throws Error when the canary does not get its value, or a way fails for a reason that is no refusal */
export async function checkCanary(guard: Guard, scope: number, policy: Policy): Promise<Finding[]> {
  const needle = randomBytes(NEEDLE_BYTES).toString('hex')
  const slot = randomBytes(16).toString('hex')
  const remove = registerCanary(guard, scope, slot, needle)
  const tried = ways.filter(({ refusedBy }) => refusedBy(policy))
  const canary = startCanary(guard, placeholder(slot, MIN_CAPACITY))
  try {
    const { pid } = canary
    if (!pid) throw new Error('the canary could not be started')
    await delivered(pid, needle)
    const allowed = tried.map((way) => !isRefused(way, pid))
    guard.setMode(AGENT_MODE.BLIND)
    const refused = tried.map((way) => isRefused(way, pid))
    return tried.map(({ name }, i) => {
      const verdict = !refused[i] ? 'leaked' : allowed[i] ? 'refused' : 'kernel'
      return { way: name, verdict }
    })
  } finally {
    guard.setMode(AGENT_MODE.NONE)
    canary.kill('SIGKILL')
    remove()
  }
}

/** In a generation of its own, so that a registration meanwhile does not matter. @returns takes it away again */
function registerCanary(guard: Guard, scope: number, slot: string, needle: string): () => void {
  const value = {
    map: 'secret_values',
    key: encode(VALUE_KEY, { scope, generation: 0, value: CANARY_VALUE, chunk: 0 }),
  } as const
  const place = {
    map: 'slots',
    key: encode(SLOT_KEY, { scope, generation: 0, slot: Buffer.from(slot, 'latin1') }),
  } as const
  const name = {
    map: 'names',
    key: encode(NAME_KEY, { scope, generation: 0, name: Buffer.from(VARIABLE) }),
  } as const
  const chosen = encode(ALTERNATIVE, { bindings: CANARY_BINDING, value: CANARY_VALUE, length: needle.length })
  guard.map(value.map).set(value.key, encode(VALUE, { bytes: Buffer.from(needle) }))
  guard.map(place.map).set(place.key, encode(SLOT, { capacity: MIN_CAPACITY, count: 1, alternatives: chosen }))
  guard.map(name.map).set(name.key, encode(NAME, { bindings: CANARY_BINDING, length: VARIABLE.length }))
  return () => {
    for (const { map, key } of [name, place, value]) guard.map(map).delete(key)
  }
}

/** This runtime, waiting for a script on its standard input. The agent's child in this mode is the canary, by no name. */
function startCanary(guard: Guard, value: string): ChildProcess {
  guard.setMode(AGENT_MODE.CANARY)
  try {
    const canary = spawn(process.execPath, [NO_INSPECTOR, '-'], {
      env: { [VARIABLE]: value },
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    canary.once('error', () => {}) // said by the missing pid
    return canary
  } finally {
    guard.setMode(AGENT_MODE.NONE)
  }
}

async function delivered(pid: number, needle: string): Promise<void> {
  const isGiven = () => readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${VARIABLE}=${needle}\0`)
  if (!(await eventually(isGiven, DELIVERY_MS, LOOK_MS)))
    throw new Error(`the canary did not get its value within ${DELIVERY_MS / 1000} s`)
}
