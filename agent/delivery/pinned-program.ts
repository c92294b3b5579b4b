/** Whether a waiting process runs the program that its bindings pin (`verify: sha256:…`). */
import { watch } from '../libbpf/callbacks.ts'
import type { HeldProcess } from '../linux/process.ts'
import { pinnedHash } from '../policy/secrets/selector.ts'
import type { Binding } from '../policy/types.ts'
import type { Reason } from '../wire/constants.ts'
import { programHash } from './program-hash.ts'

export interface Killed {
  readonly reason: Reason
  readonly why: string
}

/** Milliseconds for reading a waiting program, its turn included: longer than the largest takes where disk and processor are slow. */
const HASH_MS = 60_000

/** `verify: sha256:…` of every binding the process has. @returns why it is killed, or that it has ended by itself */
export async function proved(
  pid: number,
  held: HeldProcess,
  bindings: bigint,
  all: readonly Binding[],
): Promise<Killed | 'ended' | undefined> {
  const unwanted = new AbortController()
  let hasEnded = false
  const timer = setTimeout(() => unwanted.abort(new Error(`it was not read within ${HASH_MS / 1000} s`)), HASH_MS)
  const unwatch = watch(held.fd, () => {
    hasEnded = true
    unwanted.abort(new Error('it has ended'))
  })
  try {
    const wrong = wrongBinding(await programHash(pid, unwanted.signal), bindings, all)
    return hasEnded ? 'ended' : wrong
  } catch (error) {
    return hasEnded ? 'ended' : { reason: 'not-pinned', why: `its program: ${(error as Error).message}` }
  } finally {
    clearTimeout(timer)
    unwatch()
  }
}

function wrongBinding(hash: string, bindings: bigint, all: readonly Binding[]): Killed | undefined {
  const wrong = all.find((binding, i) => bindings & (1n << BigInt(i)) && (pinnedHash(binding) ?? hash) !== hash)
  if (!wrong) return undefined
  return { reason: 'not-pinned', why: `its SHA-256 is ${hash}, binding \`${wrong.name}\` wants ${pinnedHash(wrong)}` }
}
