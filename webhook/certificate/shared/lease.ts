/** A Lease of coordination.k8s.io/v1, so that one replica at a time makes certificates. */
import { ApiError } from '../../kube/answers.ts'
import type { KubeApi } from '../../kube/client.ts'

interface Lease {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion?: string }
  readonly spec?: {
    readonly holderIdentity?: string
    readonly renewTime?: string
    readonly leaseDurationSeconds?: number
  }
}

/** The place of the Lease, and the asking replica. */
export interface LeaseOf {
  readonly namespace: string
  readonly name: string
  readonly holder: string
}

/**
 * Others' holding as this replica has seen it, by its own clock: a time that another one wrote down may be years off
 * (client-go, leaderelection, does the same).
 */
export interface SeenLease {
  version?: string
  /** Milliseconds, of the caller's `now`. */
  since?: number
}

/** A step takes a second; a replica that dies in the middle holds up the others this long. */
const DURATION_SECONDS = 30
/** The duration that a holder leaves when it is through. */
const RELEASED_SECONDS = 1

/** @returns whether `holder` has the Lease now; false as well when another one was faster */
export async function acquireLease(api: KubeApi, lease: LeaseOf, seen: SeenLease, now: number): Promise<boolean> {
  const found = await orMissing(api.call<Lease>('GET', pathOf(lease)))
  if (found !== undefined && isHeldByAnother(found, lease.holder, seen, now)) return false
  return unlessConflict(write(api, lease, found, DURATION_SECONDS, now))
}

/** Lets the next one have it at once; failing to is no harm, it ends by itself. */
export async function releaseLease(api: KubeApi, lease: LeaseOf, now: number): Promise<void> {
  const found = await orMissing(api.call<Lease>('GET', pathOf(lease)))
  if (found?.spec?.holderIdentity !== lease.holder) return
  await unlessConflict(write(api, lease, found, RELEASED_SECONDS, now))
}

const collectionOf = ({ namespace }: LeaseOf) => `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
const pathOf = (lease: LeaseOf) => `${collectionOf(lease)}/${lease.name}`

function write(api: KubeApi, lease: LeaseOf, found: Lease | undefined, leaseDurationSeconds: number, now: number) {
  const { namespace, name, holder: holderIdentity } = lease
  // MicroTime: six digits of a second (apimachinery, meta/v1 RFC3339Micro). For people to read; nothing here goes by it.
  const renewTime = new Date(now).toISOString().replace('Z', '000Z')
  const body = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: found?.metadata ?? { name, namespace },
    spec: { ...found?.spec, holderIdentity, renewTime, leaseDurationSeconds },
  }
  return found === undefined ? api.call('POST', collectionOf(lease), body) : api.call('PUT', pathOf(lease), body)
}

function isHeldByAnother({ metadata, spec }: Lease, holder: string, seen: SeenLease, now: number): boolean {
  if (spec?.holderIdentity === undefined || spec.holderIdentity === '' || spec.holderIdentity === holder) return false
  const version = `${spec.holderIdentity} ${metadata.resourceVersion}`
  // A clock that was set back begins to wait again.
  if (seen.version !== version || seen.since === undefined || now < seen.since)
    Object.assign(seen, { version, since: now })
  const given = Math.min(Math.max(spec.leaseDurationSeconds ?? DURATION_SECONDS, RELEASED_SECONDS), DURATION_SECONDS)
  return now < seen.since! + given * 1000
}

/** The object, or undefined where there is none. */
export async function orMissing<Found>(asked: Promise<Found>): Promise<Found | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined
    throw error
  }
}

/** False where another writer came first: 409 for another version, and for a name that is taken. */
export async function unlessConflict(written: Promise<unknown>): Promise<boolean> {
  try {
    await written
    return true
  } catch (error) {
    if (error instanceof ApiError && error.status === 409) return false
    throw error
  }
}
