/** The way to a running cluster. No image holds it: 83 MiB of packages that no Pod uses (docs/decisions/0115). */
import type { connectByKubeconfig, Named, UserCluster } from '../../webhook/kube/kubeconfig.ts'
import { reasonOf } from '../options/file-fault.ts'
import { UsageError } from '../policy/text/problems.ts'

/** By its address, since it may be missing: a written import would be one that every image has to answer. */
const CLIENT = new URL('../../webhook/kube/kubeconfig.ts', import.meta.url).href

export const CONNECTION_OPTIONS = {
  context: { value: 'NAME', completes: 'nothing', help: 'of the kubeconfig; the current one without it' },
  kubeconfig: { value: 'FILE', completes: 'files', help: 'KUBECONFIG, or ~/.kube/config, without it' },
} as const

/** @throws UsageError: no client here, no kubeconfig, no such context, a server that does not answer */
export async function openCluster(named: Named): Promise<UserCluster & { readonly version: Version }> {
  const connect = await client()
  try {
    const cluster = await connect(named)
    return { ...cluster, version: await cluster.api.call<Version>('GET', '/version') }
  } catch (error) {
    throw new UsageError(`no cluster can be asked: ${wordsOf(error as Error)}`)
  }
}

/** Of `/version` (k8s.io/apimachinery, pkg/version.Info). */
export interface Version {
  readonly gitVersion: string
  /** `29`, or `29+` where a provider has patched it. */
  readonly minor: string
}

async function client(): Promise<typeof connectByKubeconfig> {
  try {
    return ((await import(CLIENT)) as { connectByKubeconfig: typeof connectByKubeconfig }).connectByKubeconfig
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new UsageError(
      'images do not hold the client for clusters: run this command from a checkout, or from the archive of the command line, with your kubeconfig',
    )
  }
}

/** A refused connection has its words in its parts, one for each address (AggregateError). */
function wordsOf(error: Error): string {
  const { errors = [] } = error as AggregateError
  if ('errno' in error && 'path' in error) return `cannot read \`${error.path}\`: ${reasonOf(error)}`
  return error.message || errors.map((part: Error) => part.message).join(', ') || error.name
}
