/** The list of all namespaces, page by page. */
import { labelsThatCount, type NamespaceLabels } from '../mutate/cluster/namespaces.ts'
import { TooLarge } from './bounded.ts'
import type { KubeApi } from './client.ts'

export interface Namespace {
  readonly metadata: { readonly name: string; readonly labels?: NamespaceLabels; readonly resourceVersion?: string }
}

interface Page {
  readonly items: readonly Namespace[]
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string }
}

export const PATH = '/api/v1/namespaces'
/** Objects at a time: one page is parsed in a few milliseconds, in which no Pod is answered, and held in a few MiB. */
const PAGE = 250
/** Ten times as many as Kubernetes is made for (kubernetes.io, Considerations for large clusters; SIG Scalability: 10,000). */
const MOST = 100_000
/** Without spec and status; a server that does not know the form (before 1.15) takes the other. */
export const only = (kind: string) => `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json`

export interface NamespaceList {
  readonly labels: Map<string, NamespaceLabels>
  /** A watch goes on from here. */
  readonly version: string
}

export async function listNamespaces(api: KubeApi): Promise<NamespaceList> {
  const labels = new Map<string, NamespaceLabels>()
  let size = PAGE
  for (let query = ''; ; ) {
    const page = await pageOf(api, size, query)
    if (page === undefined) {
      size = Math.ceil(size / 8)
      continue
    }
    const { items, metadata } = page
    const before = labels.size
    for (const { metadata: found } of items) labels.set(found.name, labelsThatCount(found.labels))
    if (!metadata.continue) return { labels, version: metadata.resourceVersion }
    // A server, or a proxy before it, that always has another page would be asked for ever, and its answers kept.
    if (labels.size === before) throw new Error(`the list of namespaces goes on after ${before}, with no other ones`)
    if (labels.size > MOST) throw new Error(`there are more than ${MOST} namespaces`)
    query = `&continue=${encodeURIComponent(metadata.continue)}`
  }
}

/** @returns undefined where so many are too large: each may have annotations of 256 KiB, and a user may make hundreds of those */
async function pageOf(api: KubeApi, size: number, query: string): Promise<Page | undefined> {
  try {
    const path = `${PATH}?limit=${size}${query}`
    return await api.call<Page>('GET', path, undefined, only('PartialObjectMetadataList'))
  } catch (error) {
    if (error instanceof TooLarge && size > 1) return undefined
    throw error
  }
}
