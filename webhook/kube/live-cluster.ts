/** The cluster's facts, kept up to date beside the admission path. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { GuardedCluster } from '../mutate/cluster/cluster.ts'
import { featuresOf, namespaceFacts } from '../mutate/cluster/namespaces.ts'
import type { Log } from '../server/log.ts'
import type { Settings } from '../settings/table.ts'
import type { KubeApi } from './client.ts'
import { watchNamespaces } from './namespace-watch.ts'

/** The administrator's settings for it. */
type ClusterSettings = Pick<Settings, 'defaultMode' | 'sidecarForm'>

/** Lives as long as the server. */
export interface LiveCluster extends GuardedCluster {
  /** Once version and namespaces are known, or cannot be had in time. */
  readonly known: Promise<void>
  close(): void
}

/** An upgrade of the control plane takes minutes; Pods in the meantime get the old form, which still works. */
const VERSION_RECHECK = 10 * 60 * 1000
/** Not longer: a webhook that waits for an API server that waits for the webhook would be a deadlock. */
const KNOWN_WITHIN = 10_000
/**
 * Assumed until the server or a setting says otherwise. An older server drops the sidecar's `restartPolicy`, and the
 * Pod does not start.
 */
const LATEST_MINOR = 30

export function liveCluster(api: KubeApi, { defaultMode, sidecarForm }: ClusterSettings, log: Log): LiveCluster {
  const namespaces = watchNamespaces(api, log)
  let minor = LATEST_MINOR
  const look = async () => {
    try {
      minor = minorOf(await api.call<{ minor: string }>('GET', '/version'))
    } catch (err) {
      log.warn({ err, minor }, 'the server does not tell its version')
    }
  }
  const recheck = setInterval(look, VERSION_RECHECK).unref()
  const giveUp = sleep(KNOWN_WITHIN, undefined, { ref: false })
  const known = Promise.race([Promise.all([look(), namespaces.synced]), giveUp]).then(() => {})
  return {
    ...namespaceFacts(namespaces.labels, defaultMode),
    ...featuresOf(() => minor, sidecarForm),
    known,
    close: () => {
      clearInterval(recheck)
      namespaces.close()
    },
  }
}

/** No API server to ask: the settings alone count. */
export function unknownCluster({ defaultMode, sidecarForm }: ClusterSettings): LiveCluster {
  const facts = namespaceFacts(() => undefined, defaultMode)
  return { ...facts, ...featuresOf(() => LATEST_MINOR, sidecarForm), known: Promise.resolve(), close: () => {} }
}

/** `29`, or `29+` where a provider has patched it. */
const minorOf = ({ minor }: { minor: string }): number => Number(/^[0-9]+/.exec(minor)?.[0] ?? LATEST_MINOR)
