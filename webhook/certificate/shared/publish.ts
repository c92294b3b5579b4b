/** The authorities into `caBundle`, in every webhook of ours, and only where they differ. */
import type { KubeApi } from '../../kube/client.ts'

interface Configuration {
  readonly webhooks?: readonly { readonly name: string; readonly clientConfig: { readonly caBundle?: string } }[]
}

const API = '/apis/admissionregistration.k8s.io/v1'
export const CONFIGURATIONS = [
  `${API}/mutatingwebhookconfigurations/kernelseal`,
  `${API}/validatingwebhookconfigurations/kernelseal`,
] as const

/** Entries are found by name: somebody may have put others between them. */
const isOurs = (name: string): boolean => name.endsWith('.kernelseal.io')

/** @param bundle PEM */
export async function publishBundle(api: KubeApi, bundle: string): Promise<void> {
  const caBundle = Buffer.from(bundle).toString('base64')
  for (const path of CONFIGURATIONS) {
    const { webhooks = [] } = await api.call<Configuration>('GET', path)
    const operations = webhooks.flatMap(({ name, clientConfig }, index) => {
      if (!isOurs(name) || clientConfig.caBundle === caBundle) return []
      return [
        // Fails the patch when the list has changed since it was read.
        { op: 'test', path: `/webhooks/${index}/name`, value: name },
        { op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value: caBundle },
      ]
    })
    if (operations.length > 0) await api.call('PATCH', path, operations)
  }
}

/** What the API server trusts when it calls the first of ours, PEM; undefined when nothing was published. */
export async function publishedBundle(api: KubeApi): Promise<string | undefined> {
  const { webhooks = [] } = await api.call<Configuration>('GET', CONFIGURATIONS[0])
  const caBundle = webhooks.find(({ name }) => isOurs(name))?.clientConfig.caBundle
  return caBundle === undefined || caBundle === '' ? undefined : Buffer.from(caBundle, 'base64').toString('utf8')
}
