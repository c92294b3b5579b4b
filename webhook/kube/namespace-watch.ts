/** All namespaces' labels, in memory and up to date: list once, then follow the changes (KEP-956). */
import { setTimeout as sleep } from 'node:timers/promises'
import { labelsThatCount, type NamespaceLabels } from '../mutate/cluster/namespaces.ts'
import type { Log } from '../server/log.ts'
import { backOff, LIVED } from './back-off.ts'
import { TooLarge } from './bounded.ts'
import type { KubeApi } from './client.ts'

/** Lives as long as the server. Known namespaces stay known while the API server cannot be reached. */
export interface NamespaceWatch {
  labels(namespace: string | undefined): NamespaceLabels | undefined
  /** Once all namespaces are known for the first time. */
  readonly synced: Promise<void>
  close(): void
}

interface Namespace {
  readonly metadata: { readonly name: string; readonly labels?: NamespaceLabels; readonly resourceVersion?: string }
}

interface Page {
  readonly items: readonly Namespace[]
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string }
}

const PATH = '/api/v1/namespaces'
/** Objects at a time: one page is parsed in a few milliseconds, in which no Pod is answered, and held in a few MiB. */
const PAGE = 250
/** Ten times as many as Kubernetes is made for (kubernetes.io, Considerations for large clusters; SIG Scalability: 10,000). */
const MOST = 100_000
/** Without spec and status; a server that does not know the form (before 1.15) takes the other. */
const only = (kind: string) => `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json`
/** One watch lasts this long at most; the server would end it between 30 and 60 minutes, and a dead peer never. */
const WATCH_SECONDS = 290

export function watchNamespaces(api: KubeApi, log: Log): NamespaceWatch {
  let known = new Map<string, NamespaceLabels>()
  const stop = new AbortController()
  const { promise: synced, resolve } = Promise.withResolvers<void>()
  const pauses = backOff()
  void keepFollowing()
  return {
    labels: (namespace) => (namespace === undefined ? undefined : known.get(namespace)),
    synced,
    close: () => stop.abort(),
  }

  /** A list costs the server most, so that one which no watch could go on from is a failure too, however well it went. */
  async function keepFollowing(): Promise<void> {
    while (!stop.signal.aborted) {
      let failure: unknown
      try {
        let version: string | undefined = await list()
        resolve()
        while (version !== undefined && !stop.signal.aborted) version = await followFor(version)
      } catch (err) {
        failure = err
        if (!stop.signal.aborted) log.warn({ err }, 'namespaces cannot be watched: the known state stays in use')
      }
      await pause(failure)
    }
  }

  /** Exchanged as a whole: while pages come in, the known ones stay known. */
  async function list(): Promise<string> {
    const next = new Map<string, NamespaceLabels>()
    let size = PAGE
    for (let query = ''; ; ) {
      const page = await pageOf(size, query)
      if (page === undefined) {
        size = Math.ceil(size / 8)
        continue
      }
      const { items, metadata } = page
      const before = next.size
      for (const { metadata: found } of items) next.set(found.name, labelsThatCount(found.labels))
      if (!metadata.continue) {
        known = next
        return metadata.resourceVersion
      }
      // A server, or a proxy before it, that always has another page would be asked for ever, and its answers kept.
      if (next.size === before) throw new Error(`the list of namespaces goes on after ${before}, with no other ones`)
      if (next.size > MOST) throw new Error(`there are more than ${MOST} namespaces`)
      query = `&continue=${encodeURIComponent(metadata.continue)}`
    }
  }

  /** @returns undefined where so many are too large: each may have annotations of 256 KiB, and somebody may make hundreds of those */
  async function pageOf(size: number, query: string): Promise<Page | undefined> {
    try {
      const path = `${PATH}?limit=${size}${query}`
      return await api.call<Page>('GET', path, undefined, only('PartialObjectMetadataList'))
    } catch (error) {
      if (error instanceof TooLarge && size > 1) return undefined
      throw error
    }
  }

  /** As `follow`; the pause that a watch has earned which ended too soon is made here. */
  async function followFor(from: string): Promise<string | undefined> {
    const began = performance.now()
    const version = await follow(from).finally(() => {
      if (performance.now() - began >= LIVED) pauses.reset()
    })
    if (performance.now() - began < LIVED && version !== undefined) await pause()
    return version
  }

  /** @returns the version to go on from; undefined when it is too old and all has to be listed again */
  async function follow(from: string): Promise<string | undefined> {
    let version = from
    const query = `?watch=true&allowWatchBookmarks=true&resourceVersion=${version}&timeoutSeconds=${WATCH_SECONDS}`
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout((WATCH_SECONDS + 30) * 1000)])
    for await (const { type, object } of api.events(PATH + query, signal, only('PartialObjectMetadata'))) {
      // 410 Gone: the server has forgotten that version.
      if (type === 'ERROR') return undefined
      const { metadata } = object as Namespace
      if (type === 'DELETED') known.delete(metadata.name)
      else if (type !== 'BOOKMARK') known.set(metadata.name, labelsThatCount(metadata.labels))
      version = metadata.resourceVersion ?? version
    }
    return version
  }

  async function pause(failure?: unknown): Promise<void> {
    await sleep(pauses.pause(failure), undefined, { ref: false, signal: stop.signal }).catch(() => {})
  }
}
