/**
 * A cluster by its user's own kubeconfig: contexts, client certificates, plugins that log in, OIDC. For the commands that look at a
 * running cluster from outside (agent/check); the webhook has the credentials of its Pod (credentials.ts).
 */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
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
  if (cluster === null) throw new Error(`the kubeconfig has no context \`${config.getCurrentContext()}\``)
  const { server } = cluster
  // Before the time of a call is counted: a plugin may ask a person.
  await config.applyToHTTPSOptions({})
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace
  return { api: apiOf(config, server), server, namespace }
}

function load({ kubeconfig, context }: Named): KubeConfig {
  const config = new KubeConfig()
  if (kubeconfig !== undefined) config.loadFromFile(kubeconfig)
  else if (hasDefault()) config.loadFromDefault()
  else throw new Error('there is no kubeconfig: give --kubeconfig FILE, or set KUBECONFIG')
  if (context === undefined) return config
  const names = config.getContexts().map(({ name }) => `\`${name}\``)
  if (!names.includes(`\`${context}\``))
    throw new Error(`the kubeconfig has no context \`${context}\`; it has ${names.join(', ')}`)
  config.setCurrentContext(context)
  return config
}

/** Without one client-node takes http://localhost:8080, where another program may listen. */
const hasDefault = (): boolean =>
  Boolean(process.env.KUBECONFIG) || existsSync(join(homedir(), '.kube/config')) || ownCluster() !== ''
