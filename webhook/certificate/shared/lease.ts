/** A Lease of coordination.k8s.io/v1, so that one replica at a time makes certificates. */
import { ApiError, type KubeApi } from '../../kube/client.ts'

interface Lease {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion?: string }
  readonly spec?: {
    readonly holderIdentity?: string
    readonly renewTime?: string
    readonly leaseDurationSeconds?: number
  }
}

/** A step takes a second; a replica that dies in the middle holds up the others this long. */
const DURATION_SECONDS = 30

/** @returns whether `holder` has the Lease now; false as well when another one was faster */
export async function acquireLease(
  api: KubeApi,
  namespace: string,
  name: string,
  holder: string,
  now: number,
): Promise<boolean> {
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
  const found = await orMissing(api.call<Lease>('GET', `${collection}/${name}`))
  if (found !== undefined && isHeldByAnother(found, holder, now)) return false
  // MicroTime: six digits of a second (apimachinery, meta/v1 RFC3339Micro).
  const renewTime = new Date(now).toISOString().replace('Z', '000Z')
  const spec = { ...found?.spec, holderIdentity: holder, renewTime, leaseDurationSeconds: DURATION_SECONDS }
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: found?.metadata ?? { name, namespace },
    spec,
  }
  const write =
    found === undefined ? api.call('POST', collection, lease) : api.call('PUT', `${collection}/${name}`, lease)
  return unlessConflict(write)
}

function isHeldByAnother({ spec }: Lease, holder: string, now: number): boolean {
  if (spec?.holderIdentity === undefined || spec.holderIdentity === '' || spec.holderIdentity === holder) return false
  return now < Date.parse(spec.renewTime ?? '') + (spec.leaseDurationSeconds ?? DURATION_SECONDS) * 1000
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

/** False where somebody else wrote in the meantime: 409 for another version, and for a name that is taken. */
export async function unlessConflict(written: Promise<unknown>): Promise<boolean> {
  try {
    await written
    return true
  } catch (error) {
    if (error instanceof ApiError && error.status === 409) return false
    throw error
  }
}
