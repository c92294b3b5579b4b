/** Whether all is as it should be, as after every fault. */
import { isSound, readState } from '../../webhook/certificate/shared/state.ts'
import { type Any, get } from '../support/cluster/cluster.ts'
import { type Installation, MUTATING, SYSTEM, VALIDATING } from '../support/cluster/installation.ts'

export const SECRET = `/api/v1/namespaces/${SYSTEM}/secrets/kernelseal-webhook-tls`
export const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${SYSTEM}/leases/kernelseal-webhook-tls`

/** @returns the broken part; '' when there is none */
export async function broken(webhook: Installation): Promise<string> {
  const pods = webhook.pods()
  if (pods.length !== 2 || !pods.every(({ ready }) => ready)) return 'not two ready replicas'
  try {
    const state = readState((await get(SECRET)).data)
    if (!isSound(state, Date.now())) return 'the Secret is not sound'
    const configurations = await Promise.all([get(MUTATING), get(VALIDATING)])
    const bundles = configurations.flatMap(({ webhooks }) =>
      webhooks.map(({ clientConfig }: Any) => textOf(clientConfig)),
    )
    return bundles.every((text) => text === state['ca.crt']) ? '' : 'a caBundle is not that of the Secret'
  } catch (error) {
    return (error as Error).message
  }
}

const textOf = ({ caBundle = '' }: { readonly caBundle?: string }): string =>
  Buffer.from(caBundle, 'base64').toString('utf8')
