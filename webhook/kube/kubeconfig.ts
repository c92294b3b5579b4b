/**
 * A cluster by its user's own kubeconfig: contexts, client certificates, plugins that log in, OIDC. For the commands that look at a
 * running cluster from outside (agent/check); the webhook has the credentials of its Pod (credentials.ts).
 */
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import type { YAMLException } from 'js-yaml'
import { reasonOf, unreadable } from '../../agent/options/file-fault.ts'
import { yamlReason } from '../../agent/policy/text/yaml-reason.ts'
import { apiOf, type KubeApi, type KubeText } from './client.ts'
import { ownCluster } from './credentials.ts'

export interface Named {
  /** A file; absent: `KUBECONFIG`, `~/.kube/config`, or the account of the Pod this runs in, as kubectl does. */
  readonly kubeconfig?: string | undefined
  readonly context?: string | undefined
}

export interface UserCluster {
  readonly api: KubeApi & KubeText
  readonly server: string
  /** Of the context; absent where it names none. */
  readonly namespace: string | undefined
}

/** @throws Error with a sentence: no kubeconfig, no such context, a log-in that failed */
export async function connectByKubeconfig(named: Named): Promise<UserCluster> {
  const config = load(named)
  const cluster = config.getCurrentCluster()
  if (cluster === null) throw new Error(whyNone(config))
  checkNamed(config)
  const { server } = cluster
  // Before the time of a call is counted: a plugin may ask a person.
  await config.applyToHTTPSOptions({})
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace
  return { api: apiOf(config, server), server, namespace }
}

function whyNone(config: KubeConfig): string {
  const current: string | undefined = config.getCurrentContext()
  if (!current) return 'the kubeconfig has no current context: give --context NAME'
  return `the kubeconfig has no context \`${current}\``
}

function load({ kubeconfig, context }: Named): KubeConfig {
  const files = kubeconfig === undefined ? defaultFiles() : [kubeconfig]
  const config = files.length ? merged(files) : ofThePod()
  if (context === undefined) return config
  const names = config.getContexts().map(({ name }) => `\`${name}\``)
  if (!names.includes(`\`${context}\``))
    throw new Error(`the kubeconfig has no context \`${context}\`; it has ${names.join(', ')}`)
  config.setCurrentContext(context)
  return config
}

/** Those that kubectl takes; none where there are none. */
function defaultFiles(): string[] {
  const named = (process.env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '')
  const own = join(homedir(), '.kube/config')
  return named.length || !existsSync(own) ? named : [own]
}

/** The current context is the first that a file names, as kubectl has it; client-node would take the last. */
function merged([first = '', ...others]: readonly string[]): KubeConfig {
  const config = fromFile(first)
  for (const file of others) config.mergeConfig(fromFile(file), Boolean(config.getCurrentContext()))
  return config
}

/** @throws Error that names the file: node:fs does not where it is a directory, and the YAML parser knows no name */
function fromFile(file: string): KubeConfig {
  const config = new KubeConfig()
  try {
    config.loadFromFile(file)
  } catch (error) {
    throw new Error(`cannot read \`${file}\`: ${whyUnread(error as Error)}`)
  }
  return config
}

/** Of a text that is no YAML the reason alone, and not its lines, which hold keys and tokens. */
function whyUnread(error: Error): string {
  if ('errno' in error) return reasonOf(error)
  const words = 'reason' in error ? yamlReason(error as YAMLException, '') : error.message
  return `it is no kubeconfig: ${words} (give --kubeconfig FILE, or set KUBECONFIG)`
}

/** Without a server client-node takes http://localhost:8080, where another program may listen. */
function ofThePod(): KubeConfig {
  if (ownCluster() === '') throw new Error('there is no kubeconfig: give --kubeconfig FILE, or set KUBECONFIG')
  const config = new KubeConfig()
  config.loadFromDefault()
  return config
}

/** Files that cluster and user name: client-node would say EISDIR, without a name. */
function checkNamed(config: KubeConfig): void {
  const { caFile } = config.getCurrentCluster() ?? {}
  const { certFile, keyFile } = config.getCurrentUser() ?? {}
  for (const [what, file] of [
    ['certificate-authority', caFile],
    ['client-certificate', certFile],
    ['client-key', keyFile],
  ] as const) {
    if (file) readable(`${what} of the kubeconfig`, file)
  }
}

function readable(what: string, file: string): void {
  try {
    readFileSync(file)
  } catch (error) {
    throw unreadable(what, file, error)
  }
}
