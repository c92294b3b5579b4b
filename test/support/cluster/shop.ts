/** A namespace with a sealed and a plain Pod, for tests of requests about Pods that exist. */
import { call, createPod, INJECTED, makeNamespace, must } from './cluster.ts'
import { type Installation, install } from './installation.ts'
import { BINDING, pod } from './pods.ts'

/** The API server's answer to a session that was not refused: there is no node to connect to. */
export const PASSED = /does not have a host assigned/

/** Installs the webhook and makes `shop` with the Pods `web`, sealed, and `plain`. @param spec of `web`, beside its container */
export async function openShop(spec: object = {}): Promise<Installation> {
  const webhook = await install()
  await makeNamespace('shop', INJECTED)
  must(await createPod('shop', pod('web', BINDING, spec)), 'a sealed Pod')
  must(await createPod('shop', pod('plain', {})), 'a plain Pod')
  return webhook
}

export async function closeShop(webhook: Installation): Promise<void> {
  await call('DELETE', '/api/v1/namespaces/shop')
  await webhook.remove()
}
