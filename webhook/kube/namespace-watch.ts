/** All namespaces' labels, in memory and up to date: list once, then follow the changes (KEP-956). */
import { setTimeout as sleep } from 'node:timers/promises'
import { labelsThatCount, type NamespaceLabels } from '../mutate/cluster/namespaces.ts'
import type { Log } from '../server/log.ts'
import { backOff, LIVED } from './back-off.ts'
import type { KubeApi } from './client.ts'
import { listNamespaces, type Namespace, only, PATH } from './namespace-list.ts'

/** Lives as long as the server. Known namespaces stay known while the API server cannot be reached. */
export interface NamespaceWatch {
  labels(namespace: string | undefined): NamespaceLabels | undefined
  /** Once all namespaces are known for the first time. */
  readonly synced: Promise<void>
  close(): void
}

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
    const { labels, version } = await listNamespaces(api)
    known = labels
    return version
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
