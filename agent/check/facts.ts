/**
 * All that `kernelseal check` knows of a cluster, collected once. Plain data: the lines are functions of it, and the unit tests have it
 * from files. Of a Pod only the members that a line looks at are kept; no Secret is ever asked for.
 */

/** An answer of the API server, or the reason why there is none. */
export type Known<Answer> =
  | { readonly found: Answer }
  /** `forbidden`: the user lacks a right, which is another cure than that of a server in trouble. */
  | { readonly refused: string; readonly forbidden: boolean }

export interface Facts {
  /** Of this command. */
  readonly version: string
  /** Unix time in ms, by the server's clock. */
  readonly now: number
  readonly server: { readonly gitVersion: string; readonly minor: number }
  /** Where the webhook is installed. */
  readonly system: string
  readonly configurations: Known<Configurations>
  readonly deployments: Known<readonly DeploymentFacts[]>
  readonly replicas: Known<readonly Replica[]>
  readonly policies: Known<Policies>
  readonly namespaces: Known<readonly NamespaceFacts[]>
  readonly nodes: Known<readonly NodeFacts[]>
  /** Those that mention KernelSeal or have its agent, of the whole cluster or of one namespace. */
  readonly pods: Known<readonly PodFacts[]>
  /** Of `deploy/doctor`. */
  readonly doctors: Known<readonly Doctor[]>
  readonly trial: Trial
}

export interface Meta {
  readonly name: string
  readonly namespace?: string
  /** RFC 3339. */
  readonly creationTimestamp?: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
}

/** k8s.io/api admissionregistration/v1 */
export interface WebhookEntry {
  readonly name: string
  readonly failurePolicy?: string
  readonly clientConfig: {
    /** PEM in base64: certificates alone, which are public. */
    readonly caBundle?: string
    readonly service?: { readonly name: string; readonly namespace: string }
  }
}

/** cert-manager's ca-injector keeps the caBundle of objects with it. */
export const CA_FROM = 'cert-manager.io/inject-ca-from'

export interface Configuration {
  readonly metadata: Meta
  readonly webhooks?: readonly WebhookEntry[]
}

export interface Configurations {
  readonly mutating?: Configuration
  readonly validating?: Configuration
  /** `deploy/last-word`, where it is installed. */
  readonly lastWord?: Configuration
}

export interface DeploymentFacts {
  readonly name: string
  readonly wanted: number
  readonly ready: number
  /** Of the newest template: fewer than are wanted while a rollout goes on, or stands still. */
  readonly updated: number
  readonly image: string
  /** Of its container, those with a plain value. */
  readonly env: Readonly<Record<string, string>>
}

/** One Pod of the webhook. */
export interface Replica {
  readonly pod: PodFacts
  /** From its own metrics; absent where they could not be read. */
  readonly metrics?: ReplicaMetrics
}

export interface ReplicaMetrics {
  readonly version?: string
  /** Unix time in ms. */
  readonly expiry?: number
  /** Whether the published authority fits the certificate it serves, as it found itself. */
  readonly trusted?: boolean
}

export interface Policies {
  readonly policies: readonly string[]
  /** Policy → actions of its binding. */
  readonly bindings: Readonly<Record<string, readonly string[]>>
}

export interface NamespaceFacts {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

export interface NodeFacts {
  readonly name: string
  readonly os: string
}

export interface ContainerFacts {
  readonly name: string
  readonly image: string
  readonly ready?: boolean
  readonly restarts?: number
  /** Why it does not run (core/v1 ContainerStateWaiting), and in which words. */
  readonly waiting?: { readonly reason: string; readonly message: string }
}

export interface PodFacts {
  readonly metadata: Meta
  readonly node?: string
  readonly phase?: string
  readonly isDeleted?: true
  readonly containers: readonly ContainerFacts[]
}

/** One run of `kernelseal doctor` in the cluster. */
export interface Doctor {
  readonly pod: PodFacts
  readonly log?: string
}

/**
 * A Pod that would have been created (dry run), so that the API server calls the webhook: it alone shows whether their certificates
 * fit. `answered`: the webhook has written its mark; `ignored`: the Pod came back without; `failed`: in the server's words.
 */
export type Trial =
  | { readonly outcome: 'answered' | 'ignored'; readonly namespace: string }
  | { readonly outcome: 'failed' | 'unknown'; readonly namespace?: string; readonly words: string }
