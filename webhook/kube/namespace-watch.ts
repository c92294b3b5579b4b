/** All namespaces' labels, in memory and up to date: list once, then follow the changes (KEP-956). */
import { setTimeout as sleep } from 'node:timers/promises'
import type { NamespaceLabels } from '../mutate/namespaces.ts'
import type { Log } from '../server/server.ts'
import type { KubeApi } from './client.ts'

/** Lives as long as the server. What was known stays known while the API server cannot be reached. */
export interface NamespaceWatch {
  labels(namespace: string | undefined): NamespaceLabels | undefined
  /** Once all namespaces are known for the first time. */
  readonly synced: Promise<void>
  close(): void
}

interface Namespace {
  readonly metadata: { readonly name: string; readonly labels?: NamespaceLabels; readonly resourceVersion?: string }
}

const PATH = '/api/v1/namespaces'
/** One watch lasts this long at most; the server would end it between 30 and 60 minutes, and a dead peer never. */
const WATCH_SECONDS = 290
const SHORTEST_PAUSE = 500
const LONGEST_PAUSE = 30_000

export function watchNamespaces(api: KubeApi, log: Log): NamespaceWatch {
  const known = new Map<string, NamespaceLabels>()
  const stop = new AbortController()
  const { promise: synced, resolve } = Promise.withResolvers<void>()
  void keepFollowing()
  return {
    labels: (namespace) => (namespace === undefined ? undefined : known.get(namespace)),
    synced,
    close: () => stop.abort(),
  }

  async function keepFollowing(): Promise<void> {
    for (let pause = SHORTEST_PAUSE; !stop.signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        let version: string | undefined = await list()
        resolve()
        pause = SHORTEST_PAUSE
        while (version !== undefined && !stop.signal.aborted) version = await follow(version)
      } catch (err) {
        if (!stop.signal.aborted) log.warn({ err }, 'namespaces cannot be watched: what is known of them stays in use')
      }
      // Replicas that lost the same server come back one after the other.
      await sleep(pause * (0.5 + Math.random()), undefined, { ref: false })
    }
  }

  async function list(): Promise<string> {
    const answer = await api.call<{ items: Namespace[]; metadata: { resourceVersion: string } }>('GET', PATH)
    known.clear()
    for (const { metadata } of answer.items) known.set(metadata.name, metadata.labels ?? {})
    return answer.metadata.resourceVersion
  }

  /** @returns the version to go on from; undefined when it is too old and all has to be listed again */
  async function follow(from: string): Promise<string | undefined> {
    let version = from
    const query = `?watch=true&allowWatchBookmarks=true&resourceVersion=${version}&timeoutSeconds=${WATCH_SECONDS}`
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout((WATCH_SECONDS + 30) * 1000)])
    for await (const { type, object } of api.events(PATH + query, signal)) {
      // 410 Gone: the server has forgotten that version.
      if (type === 'ERROR') return undefined
      const { metadata } = object as Namespace
      if (type === 'DELETED') known.delete(metadata.name)
      else if (type !== 'BOOKMARK') known.set(metadata.name, metadata.labels ?? {})
      version = metadata.resourceVersion ?? version
    }
    return version
  }
}
