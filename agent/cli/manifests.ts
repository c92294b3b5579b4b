/** Shared by the commands that read manifests: the files, and the surroundings of the Pods in them. */

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type ManifestFile, readManifests } from '../../webhook/offline/documents.ts'
import type { Surroundings } from '../../webhook/offline/inject-manifests.ts'
import { offlineCluster } from '../../webhook/offline/offline-cluster.ts'
import { loadSettings } from '../../webhook/settings/load.ts'
import { agentSettings } from '../../webhook/settings/table.ts'
import { VERSION } from '../config/version.ts'
import type { Values } from '../options/table.ts'
import { MODES } from '../policy/schema.ts'
import { UsageError } from '../policy/text/problems.ts'

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

/** @throws UsageError, ConfigError naming the file and the line */
export function readFiles(names: readonly string[] | undefined, recursive = false): ManifestFile[] {
  if (names === undefined || names.length === 0) throw new UsageError('give -f FILE, or -f - for standard input')
  const files = names.flatMap((name) => filesOf(name, recursive))
  return files.map((name) => readManifests(readText(name), name === '-' ? 'standard input' : name))
}

function filesOf(name: string, recursive: boolean): string[] {
  if (name === '-' || !statSync(name, { throwIfNoEntry: false })?.isDirectory()) return [name]
  const files = readdirSync(name, { recursive, encoding: 'utf8' }).filter((file) => /\.(ya?ml|json)$/.test(file))
  if (files.length === 0) {
    const below = recursive ? ', nor does any below it' : '; -R looks below it too'
    throw new UsageError(`directory \`${name}\` holds no *.yaml, *.yml or *.json${below}`)
  }
  return files.sort().map((file) => join(name, file))
}

function readText(name: string): string {
  try {
    return readFileSync(name === '-' ? 0 : name, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(`cannot read \`${name}\`: ${code === 'ENOENT' ? 'there is no such file' : code}`)
  }
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
