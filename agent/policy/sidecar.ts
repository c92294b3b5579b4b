/** The contract of webhook and agent about the sidecar: names and mount points, in one place. */

export const PREFIX = 'kernelseal.io/'
export const SHORT_FORM_PREFIX = 'secret.kernelseal.io/'

/** Container name of the agent in a Pod. */
export const AGENT_CONTAINER = 'kernelseal-agent'
/** Downward-API volume: the Pod's annotations, as `key="value"` lines, swapped atomically by the kubelet. */
export const PODINFO_DIR = '/etc/kernelseal/podinfo'
export const ANNOTATIONS_FILE = `${PODINFO_DIR}/annotations`
/** Each Secret is mounted at `<SECRETS_DIR>/<name>/<key>`, into the agent alone. */
export const SECRETS_DIR = '/run/kernelseal/secrets'
export const DEFAULT_METRICS_PORT = 9090
export const METRICS_PORT = `${PREFIX}metrics-port`

/** Under --lock-policy: the policy at admission, JSON, where no annotation reaches. */
export const ADMITTED_VARIABLE = 'KERNELSEAL_ADMITTED_POLICY'

/** kubectl exec and logs mean this container; set, so that they keep meaning the application (kubectl, DefaultContainerAnnotationName). */
export const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container'

/** The `kernelseal.io/status` annotation: written by the webhook, read by the agent. */
export interface Status {
  readonly version: 'v1'
  /** 32 hex digits; the slots of this Pod derive from it. */
  readonly nonce: string
  /** SHA-256 over the inputs of the injection, hex. */
  readonly hash: string
  /** Names of the containers that carry placeholders. */
  readonly containers: readonly string[]
  /** Parts the webhook added that a Pod's author might have written too; `kernelseal uninject` removes them again. */
  readonly added?: readonly Added[]
  /** `<container>/<variable>`: references to Secret keys that stood where placeholders stand now. */
  readonly replaced?: readonly string[]
}

export const ADDED = ['mode', 'default-container', 'shareProcessNamespace', 'metrics-port'] as const
export type Added = (typeof ADDED)[number]
