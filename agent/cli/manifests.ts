/** Shared by the commands that read manifests: the files, and the surroundings of the Pods in them. */

import { type ManifestFile, readManifests } from '../../webhook/offline/documents.ts'
import type { Surroundings } from '../../webhook/offline/inject-manifests.ts'
import { offlineCluster } from '../../webhook/offline/offline-cluster.ts'
import { filesOf, readText } from '../../webhook/offline/read-files.ts'
import { loadSettings } from '../../webhook/settings/load.ts'
import { agentSettings } from '../../webhook/settings/table.ts'
import { VERSION } from '../config/version.ts'
import type { Values } from '../options/table.ts'
import { MODES } from '../policy/schema.ts'
import { ConfigError, UsageError } from '../policy/text/problems.ts'

export const MANIFEST_OPTIONS = {
  filename: {
    short: 'f',
    value: 'FILE',
    completes: 'files',
    multiple: true,
    help: 'manifests, YAML or JSON; - is standard input, a directory is its *.yaml, *.yml and *.json',
  },
  recursive: { short: 'R', help: 'also those of the directories below' },
} as const

export const CLUSTER_OPTIONS = {
  namespace: { short: 'n', value: 'NAME', completes: 'nothing', help: 'of objects that name none' },
  mode: {
    value: 'MODE',
    completes: MODES,
    help: 'of Pods and namespaces that choose none, unless the settings say',
  },
  kubernetes: { value: 'VERSION', completes: 'nothing', help: 'of the cluster; 1.30 and up without it' },
  'agent-image': { value: 'IMAGE', completes: 'nothing', help: `kernelseal-agent:${VERSION} without it` },
  config: { value: 'FILE', completes: 'files', help: "the webhook's settings" },
} as const

type ClusterValues = Values<typeof CLUSTER_OPTIONS>

/** Those of the cluster apart from a command's own. */
export function clusterValues<V extends ClusterValues>(values: V) {
  const { namespace, mode, kubernetes, 'agent-image': image, config, ...own } = values
  return { ...own, cluster: { namespace, mode, kubernetes, image, config } }
}

type Cluster = {
  readonly [Name in keyof ReturnType<typeof clusterValues>['cluster']]?:
    | ReturnType<typeof clusterValues>['cluster'][Name]
    | undefined
}

/**
 * @param broken called in place of the error for each file that is read and is no YAML; the others are returned
 * @throws UsageError, ConfigError naming the file and the line
 */
export function readFiles(
  names: readonly string[] | undefined,
  recursive = false,
  broken?: (where: string, error: ConfigError) => void,
): ManifestFile[] {
  if (names === undefined || names.length === 0) throw new UsageError('give -f FILE, or -f - for standard input')
  return names
    .flatMap((name) => filesOf(name, recursive))
    .flatMap((name) => {
      const where = name === '-' ? 'standard input' : name
      try {
        return [readManifests(readText(name), where)]
      } catch (error) {
        if (broken === undefined || !(error instanceof ConfigError)) throw error
        broken(where, error)
        return []
      }
    })
}

/** The newest minor version with features of its own: without a given version, all features count as present. */
const LATEST_MINOR = 30

export function surroundingsOf(files: readonly ManifestFile[], values: Cluster): Surroundings {
  const settings = loadSettings(flagsOf(values), process.env)
  const objects = files.flatMap((file) => file.objects)
  const minor = values.kubernetes === undefined ? LATEST_MINOR : minorOf(values.kubernetes)
  const cluster = offlineCluster(objects, settings.defaultMode, minor)
  return { settings: { agent: agentSettings(settings) }, cluster, namespace: values.namespace }
}

function flagsOf({ mode, config, image: given }: Cluster): string[] {
  const hasImage = config !== undefined || process.env.KSEAL_AGENT_IMAGE !== undefined
  const image = given ?? (hasImage ? undefined : `kernelseal-agent:${VERSION}`)
  return [
    ...(config === undefined ? [] : ['--config', config]),
    ...(image === undefined ? [] : ['--agent-image', image]),
    ...(mode === undefined ? [] : ['--default-mode', mode]),
  ]
}

function minorOf(version: string): number {
  const minor = /^v?1\.([0-9]{1,3})(\.|\+|$)/.exec(version)?.[1]
  if (minor === undefined) throw new UsageError(`--kubernetes is a version such as \`1.28\`, not \`${version}\``)
  return Number(minor)
}
