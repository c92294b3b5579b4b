/** Reads of a cluster that may be refused: one object, text, or a list page by page, each as an answer or the reason for none. */
import type { KubeApi, KubeText } from '../../../webhook/kube/client.ts'
import type { Known } from '../facts.ts'

export type Api = KubeApi & KubeText

/** Objects at a time, and of Pods with long statuses as many as one answer has room for. */
const PAGE = 250
/** Ten times the largest cluster that Kubernetes is made for (kubernetes.io, Considerations for large clusters: 150,000 Pods). */
const MOST_PAGES = 6_000

export async function attempt<Answer>(read: () => Promise<Answer>): Promise<Known<Answer>> {
  try {
    return { found: await read() }
  } catch (error) {
    return { refused: (error as Error).message, forbidden: [401, 403].includes(statusOf(error)) }
  }
}

/** @returns undefined where there is none */
export async function orAbsent<Answer>(read: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await read()
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

/** HTTP status of an ApiError; 0 of every other error. By its name: the class itself may be missing (cluster.ts). */
export function statusOf(error: unknown): number {
  const { name, status } = error as { readonly name?: string; readonly status?: number }
  return name === 'ApiError' && status !== undefined ? status : 0
}

interface Page<Item> {
  readonly items: readonly Item[]
  readonly metadata: { readonly continue?: string }
}

/**
 * @param path with a query or without
 * @param keep the part of an object that is wanted, so that a large cluster is never in memory as a whole
 */
export async function listAll<Item, Kept>(
  api: Api,
  path: string,
  keep: (item: Item) => readonly Kept[],
): Promise<Kept[]> {
  const kept: Kept[] = []
  let [size, next] = [PAGE, '']
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const page = await pageOf<Item>(api, `${path}${path.includes('?') ? '&' : '?'}limit=${size}${next}`, size > 1)
    if (page === undefined) {
      size = Math.ceil(size / 8)
      continue
    }
    kept.push(...page.items.flatMap(keep))
    if (!page.metadata.continue) return kept
    next = `&continue=${encodeURIComponent(page.metadata.continue)}`
  }
  throw new Error(`the list of \`${path}\` has no end`)
}

/** @returns undefined where so many are too large for one answer */
async function pageOf<Item>(api: Api, path: string, mayShrink: boolean): Promise<Page<Item> | undefined> {
  try {
    return await api.call<Page<Item>>('GET', path)
  } catch (error) {
    if (mayShrink && (error as Error).name === 'TooLarge') return undefined
    throw error
  }
}
