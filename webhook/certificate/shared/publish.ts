/** The authorities into `caBundle`, in every webhook of ours, and only where they differ. */
import { ApiError } from '../../kube/answers.ts'
import type { KubeApi } from '../../kube/client.ts'
import { isOwnAuthority } from '../self-signed.ts'
import { bundleOf, certificateIn, splitPem } from './sound.ts'

export interface Configuration {
  readonly webhooks?: readonly { readonly name: string; readonly clientConfig: { readonly caBundle?: string } }[]
}

const API = '/apis/admissionregistration.k8s.io/v1'
export const CONFIGURATIONS = [
  `${API}/mutatingwebhookconfigurations/kernelseal`,
  `${API}/validatingwebhookconfigurations/kernelseal`,
] as const
/** May be installed beside them (deploy/last-word). */
export const LAST_WORD = `${API}/mutatingwebhookconfigurations/zz-kernelseal`

/** Entries are found by name: there may be others between them. */
const isOurs = (name: string): boolean => name.endsWith('.kernelseal.io')
const textOf = (caBundle: string | undefined): string => Buffer.from(caBundle ?? '', 'base64').toString('utf8')

/** In the order of `CONFIGURATIONS`, and then the last word, empty where there is none. */
export function readConfigurations(api: KubeApi): Promise<readonly Configuration[]> {
  const read = (path: string) => api.call<Configuration>('GET', path)
  return Promise.all([...CONFIGURATIONS.map(read), read(LAST_WORD).catch(noneInstalled)])
}

/** 403: the rights are of an installation that does not know of it. */
function noneInstalled(error: unknown): Configuration {
  if (error instanceof ApiError && [403, 404].includes(error.status)) return {}
  throw error
}

/** Authorities of ours that API servers trust now, PEM, without the expired ones. */
export function publishedAuthorities(configurations: readonly Configuration[], now: number): string {
  const entries = configurations.flatMap(({ webhooks = [] }) => webhooks).filter(({ name }) => isOurs(name))
  const found = entries.flatMap(({ clientConfig }) => splitPem(textOf(clientConfig.caBundle)))
  const own = found.filter((pem) => {
    const certificate = certificateIn(pem)
    return certificate !== undefined && isOwnAuthority(certificate)
  })
  return bundleOf('', own.join('\n'), now)
}

/** @param bundle PEM @param configurations as they were read */
export async function publishBundle(
  api: KubeApi,
  configurations: readonly Configuration[],
  bundle: string,
): Promise<void> {
  const caBundle = Buffer.from(bundle).toString('base64')
  for (const [place, path] of [...CONFIGURATIONS, LAST_WORD].entries()) {
    const operations = (configurations[place]?.webhooks ?? []).flatMap(({ name, clientConfig }, index) => {
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

/** The bundle that the API server trusts for each of ours, PEM, in their order; '' where nothing was published. */
export async function publishedBundles(api: KubeApi): Promise<readonly string[]> {
  const entries = (await readConfigurations(api)).flatMap(({ webhooks = [] }) => webhooks)
  return entries.filter(({ name }) => isOurs(name)).map(({ clientConfig }) => textOf(clientConfig.caBundle))
}
