/** Why a Pod was injected, left alone or refused: one closed table for responses, warnings, audit, log and metric. */

export interface ReasonEntry {
  readonly sentence: string
  readonly hint?: string
  /** The page of the documentation and its section; of every refusal that has a hint. */
  readonly page?: string
  /** HTTP status of `AdmissionResponse.status`; kubectl shows the reason that belongs to it. */
  readonly code: 200 | 400 | 403 | 413 | 422 | 500
}

export const REASONS = {
  injected: { code: 200, sentence: 'the agent and the placeholders are in the Pod' },
  'nothing-to-change': { code: 200, sentence: 'the Pod already has all that would be added' },

  'no-bindings': { code: 200, sentence: 'the Pod binds no secrets' },
  'opted-out': { code: 200, sentence: 'the Pod opts out of injection, its secrets are NOT sealed' },
  'mirror-pod': { code: 200, sentence: 'mirror Pods are copies of static Pods and cannot be changed' },
  'not-a-creation': { code: 200, sentence: 'only the creation of a Pod is looked at' },

  'not-guarded': { code: 200, sentence: 'the request reaches no sealed Pod' },
  'debug-allowed': { code: 200, sentence: '`allow-debug` lets the request into a sealed Pod' },
  'agent-session': {
    code: 403,
    sentence: "sessions in the agent's container would see every secret of the Pod",
    hint: 'choose another container with `-c`, or label the namespace `kernelseal.io/allow-debug: "true"`',
    page: 'docs/troubleshooting.md#a-pod-is-not-created',
  },
  'debug-container': {
    code: 403,
    sentence: 'a debug container would share the processes of a sealed Pod',
    hint: 'annotate the Pod with `kernelseal.io/allow-debug: "true"`, or under `--agent-lock-policy` label its namespace so',
    page: 'docs/troubleshooting.md#a-pod-is-not-created',
  },

  'annotations-checked': { code: 200, sentence: 'the changed annotations can be used' },
  'status-changed': {
    code: 403,
    sentence: '`kernelseal.io/status` follows the placeholders of the running containers, and cannot become another',
    hint: 'leave it as it is, or make the Pod anew',
    page: 'docs/reference/annotations.md#on-the-pod',
  },
  'fixed-at-start': {
    code: 403,
    sentence:
      'the running containers were started with placeholders of another size, and their processes would be killed',
    hint: 'make the Pod anew with it',
    page: 'docs/reference/config.md#when-something-changes',
  },
  'weaker-policy': {
    code: 403,
    sentence: 'the policy of running Pods is locked, and the change makes it weaker',
    hint: 'make the Pod anew with it',
    page: 'docs/reference/config.md#when-something-changes',
  },

  'bad-annotation': { code: 422, sentence: 'the KernelSeal annotations cannot be used' },
  'bad-pod': { code: 422, sentence: 'the object is not a well-formed Pod' },
  'host-pid': {
    code: 403,
    sentence: '`spec.hostPID` is set, but sealing needs a PID namespace of the Pod',
    hint: 'remove `hostPID`',
    page: 'docs/troubleshooting.md#a-pod-is-not-created',
  },
  'share-process-namespace': {
    code: 403,
    sentence: '`spec.shareProcessNamespace` is false, but the agent must see the processes it serves',
    hint: 'remove the field',
    page: 'docs/troubleshooting.md#a-pod-is-not-created',
  },
  'user-namespace': {
    code: 403,
    sentence: 'the Pod has users of its own, but programs cannot be loaded from inside a user namespace',
    hint: 'remove the field, or opt the Pod out',
    page: 'docs/troubleshooting.md#a-pod-is-not-created',
  },
  'no-application': {
    code: 403,
    sentence: 'the Pod has no container but the agent: a session without a name would be one with the agent',
    hint: 'add the application to `spec.containers`',
    page: 'docs/troubleshooting.md#a-pod-is-not-created',
  },
  'windows-pod': {
    code: 403,
    sentence: 'the Pod is for Windows nodes',
    hint: 'opt the Pod out with `kernelseal.io/inject: "false"`',
    page: 'docs/operate/clusters.md#managed-nodes',
  },
  'sandboxed-runtime': {
    code: 403,
    sentence: "the Pod's containers run on a kernel of their own, where the agent cannot protect them",
    hint: 'remove `runtimeClassName`, or opt the Pod out',
    page: 'docs/troubleshooting.md#a-pod-is-not-created',
  },
  'virtual-node': {
    code: 403,
    sentence: 'the Pod is for a node without host paths, where the agent cannot run',
    hint: 'let it run on an ordinary node, or opt it out with `kernelseal.io/inject: "false"`',
    page: 'docs/operate/clusters.md#managed-nodes',
  },
  'pod-security': {
    code: 403,
    sentence:
      "the namespace's Pod Security level forbids the agent, which needs capabilities and host paths to load kernel programs",
    hint: 'label the namespace `pod-security.kubernetes.io/enforce: privileged`, or move the Pod to one that is; `deploy/pod-policy` then keeps both from every other container',
    page: 'docs/troubleshooting.md#the-level-of-the-namespace-forbids-the-agent',
  },
  'container-name-taken': {
    code: 403,
    sentence: 'a container has the name of the agent and is not what would be added',
    hint: 'remove or rename it',
    page: 'docs/troubleshooting.md#a-pod-is-not-created',
  },
  'agent-without-bindings': {
    code: 403,
    sentence: 'the Pod has the agent and binds no secrets: it may be a copy that lost its annotations',
    hint: 'copy the annotations too (`kubectl debug --copy-to` leaves them out), or take the container and its volumes out',
    page: 'docs/troubleshooting.md#a-pod-is-not-created',
  },
  'agent-beside-opt-out': {
    code: 403,
    sentence: 'the Pod opts out and has the agent: it would run with its rights and Secrets and seal nothing',
    hint: 'take the container and its volumes out (`kernelseal uninject`), or take `kernelseal.io/inject: "false"` away',
    page: 'docs/troubleshooting.md#a-pod-is-not-created',
  },
  'volume-name-taken': {
    code: 403,
    sentence: 'a volume has the name of one of the agent and is not what would be added',
    hint: 'remove or rename it',
    page: 'docs/troubleshooting.md#a-pod-is-not-created',
  },
  'volume-mounted-elsewhere': {
    code: 403,
    sentence: 'only the agent may mount the volumes of the agent',
    hint: 'remove the volume mount',
    page: 'docs/troubleshooting.md#a-pod-is-not-created',
  },
  'too-many-containers': {
    code: 422,
    sentence: 'the Pod has more containers than are looked at',
    hint: 'split the Pod, or opt it out',
    page: 'docs/gate.md#limits',
  },
  'too-many-entries': {
    code: 422,
    sentence: 'the variables, ports, mounts, volumes, annotations and labels of the Pod are more than are looked at',
    hint: 'split the Pod, or opt it out',
    page: 'docs/gate.md#limits',
  },
  'port-taken': {
    code: 403,
    sentence: "a container has the agent's metrics port, and a Pod's containers share their ports",
    hint: 'choose another with `kernelseal.io/metrics-port`',
    page: 'docs/reference/annotations.md#on-the-pod',
  },
  'no-such-container': { code: 422, sentence: 'a binding names a container the Pod lacks' },
  'starts-before-agent': {
    code: 422,
    sentence: 'a binding names an init container, which on this Kubernetes starts before the agent',
    hint: 'upgrade to 1.29, or bind only containers',
    page: 'docs/operate/clusters.md#nodes-older-than-the-control-plane',
  },
  'variable-already-set': {
    code: 422,
    sentence: 'a bound variable is already set in the container, in the open',
    hint: 'remove it from `env`',
    page: 'docs/troubleshooting.md#a-pod-is-not-created',
  },
  'variable-referenced': {
    code: 422,
    sentence: 'a bound variable stands in the value of another one, where only its placeholder can come',
    hint: 'bind the composed value, with `source.template`',
    page: 'docs/troubleshooting.md#a-pod-is-not-created',
  },
  'variable-in-command': {
    code: 422,
    sentence: 'a bound variable is expanded in `command` or `args`, for all to read, sealed or not',
    hint: 'let the program read its environment, or name only other containers in `seal-env`',
    page: 'docs/reference/annotations.md#on-the-pod',
  },
  'composed-by-kubelet': {
    code: 422,
    sentence: 'a value made of a sealed variable has another part that only the kubelet knows',
    hint: 'write that part as a plain value, let the program compose the value, or name only other containers in `seal-env`',
    page: 'docs/troubleshooting.md#a-pod-is-not-created',
  },
  'not-sealed': {
    code: 422,
    sentence: 'under `seal-env: strict` every secret has to be sealed',
    hint: 'use `secretKeyRef` without `optional`, name the keys in `kernelseal.io/seal-env-from`, or drop `strict`',
    page: 'docs/reference/annotations.md#on-the-pod',
  },
  'too-much-to-seal': {
    code: 422,
    sentence: '`seal-env` would make more of the Pod than an annotation holds',
    hint: 'name the containers to seal in `seal-env`, or bind single variables; the rest stays in the open',
    page: 'docs/gate.md#limits',
  },
  'foreign-secret': {
    code: 422,
    sentence: 'a binding names a Secret of another namespace',
    hint: 'a Pod can only mount Secrets of its own namespace',
    page: 'docs/reference/config.md#source',
  },
  'literal-value': {
    code: 422,
    sentence: 'a value stands in the annotation, for all who can read the Pod',
    hint: 'put it into a Secret and use `secretKeyRef`; or start the webhook with `--agent-allow-literal true`',
    page: 'docs/reference/config.md#source',
  },
  'file-outside': {
    code: 422,
    sentence: 'a binding names a file, and annotations may name files only in directories that the webhook was given',
    hint: 'use `secretKeyRef`; or start the webhook with `--agent-file-roots`',
    page: 'docs/reference/config.md#source',
  },
  'env-outside': {
    code: 422,
    sentence: "a binding names a variable of the agent, which has none of the author's in a Pod",
    hint: 'use `secretKeyRef`',
    page: 'docs/reference/config.md#source',
  },
  'no-server': {
    code: 422,
    sentence: 'a binding names a secret on a server whose address the webhook was not given',
    hint: 'start the webhook with these settings, or use `secretKeyRef`',
    page: 'deploy/README.md#permissions-and-settings-of-the-webhook',
  },
  'policy-too-large': {
    code: 422,
    sentence: 'the policy does not fit into the variable by which a locked agent knows it',
    hint: 'shorten templates and lists of bindings, or bind in fewer places',
    page: 'docs/gate.md#limits',
  },
  'placeholders-too-large': {
    code: 422,
    sentence: 'the placeholders do not fit into the Pod',
    hint: 'lower `capacity`, or name a `container` in the selectors',
    page: 'docs/gate.md#limits',
  },

  'bad-review': { code: 400, sentence: 'the request is not an AdmissionReview of a Pod' },
  'body-too-large': { code: 413, sentence: 'the request is larger than any object the API server stores' },
  'internal-error': { code: 500, sentence: 'the webhook failed; the reason is in its log' },
} as const satisfies Record<string, ReasonEntry>

export type Reason = keyof typeof REASONS

/** The entry with its optional fields, which the literal types of the table hide. */
export const reasonEntry = (reason: Reason): ReasonEntry => REASONS[reason]
