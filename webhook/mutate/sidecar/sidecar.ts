/** The agent's container. Everything here comes from the webhook's own settings, never from the Pod's author. */
import type { AgentResources } from '../../../agent/policy/pod-keys.ts'
import { AGENT_CONTAINER } from '../../../agent/policy/sidecar.ts'
import type { Config } from '../../../agent/policy/types.ts'
import type { Pod } from '../pod/pod.ts'
import { admittedEnv, flagsOf } from './agent-options.ts'
import { resourcesOf } from './agent-resources.ts'
import { agentMounts } from './agent-volumes.ts'
import { type SecretServer, serverEnv } from './servers.ts'

export interface AgentSettings {
  readonly image: string
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never'
  /** Secrets of the Pod's namespace with which nodes pull the image; none when absent. */
  readonly pullSecrets?: readonly string[]
  /** Kubernetes quantities; an empty one leaves that limit out. */
  readonly cpuRequest: string
  readonly cpuLimit: string
  readonly memoryRequest: string
  readonly memoryLimit: string
  /** Longest time until it is ready, seconds, 1 at least; `READY_SECONDS` when absent. */
  readonly readySeconds?: number
  /** The agent refuses changes of its running policy that weaken it. */
  readonly lockPolicy?: boolean
  /** Values may stand in the annotations. */
  readonly allowLiteral?: boolean
  /** Directories of the agent's container whose files annotations may name; none when absent. */
  readonly fileRoots?: readonly string[]
  /** Servers that agents read secrets from; none when absent. */
  readonly servers?: readonly SecretServer[]
}

/**
 * `native`: an init container that stays (Kubernetes 1.29 and up): ready before the next container starts, ended after
 * the last. `container`: the first of the ordinary ones; the kubelet starts the next when its postStart hook is through.
 */
export type Form = 'native' | 'container'
export type AgentContainer = ReturnType<typeof agentContainer>

/**
 * The agent's use of each, capabilities(7):
 * BPF and PERFMON load and attach programs; SYS_ADMIN pins them and covers both on kernels and runtimes before 5.8;
 * SYS_PTRACE reads and writes a stopped process; SYS_RESOURCE lifts the memlock limit before 5.11; KILL ends a process
 * that could not be served; DAC_OVERRIDE opens memory and executables of processes that run as other users.
 */
export const CAPABILITIES = ['BPF', 'PERFMON', 'SYS_ADMIN', 'SYS_PTRACE', 'SYS_RESOURCE', 'KILL', 'DAC_OVERRIDE']

export function agentContainer(
  config: Config,
  settings: AgentSettings,
  overrides: AgentResources,
  form: Form,
  { spec }: Pod,
) {
  const flags = flagsOf(settings)
  const readySeconds = Math.max(1, settings.readySeconds ?? READY_SECONDS)
  return {
    name: AGENT_CONTAINER,
    image: settings.image,
    imagePullPolicy: settings.imagePullPolicy,
    ...(form === 'native'
      ? nativeSidecar(readySeconds, flags)
      : firstContainer(readySeconds, spec.restartPolicy, flags)),
    // The first three: whose Kubernetes Events the agent writes (agent/kube/pod.ts).
    env: [
      fieldEnv('POD_NAME', 'metadata.name'),
      fieldEnv('POD_NAMESPACE', 'metadata.namespace'),
      fieldEnv('POD_UID', 'metadata.uid'),
      ...serverEnv(config, settings.servers ?? []),
      ...admittedEnv(config, settings),
    ],
    // Declared for monitors that look for a port's name. On the host network it would keep Pods of one port apart, which live well.
    ...(spec.hostNetwork === true ? {} : { ports: [portOf(config)] }),
    resources: resourcesOf(settings, overrides),
    securityContext: {
      runAsUser: 0,
      runAsNonRoot: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], add: CAPABILITIES },
      // The runtime's default profile denies writing below /sys/fs/bpf and reading /sys/kernel/security.
      appArmorProfile: { type: 'Unconfined' },
      // Those of the Pod are made for the application, and would be the agent's too; a container's usual label may not bpf(2).
      seccompProfile: { type: 'Unconfined' },
      seLinuxOptions: { type: 'spc_t', level: 's0' },
    },
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: agentMounts(config, settings.servers ?? []),
  }
}

/**
 * Ready means that protection is proved, which no application container may start without. The agent needs about a
 * second, on a loaded node several: a minute before the kubelet restarts it.
 */
export const READY_SECONDS = 60

/** Node takes a second to start on a busy node, and the runtime to enter the container. */
const PROBE_STARTS = 10

/** One probe that waits, instead of one a second: each is a process. It asks over the agent's own socket, which no other container has. */
function nativeSidecar(readySeconds: number, flags: readonly string[]) {
  return {
    args: ['run', ...flags],
    restartPolicy: 'Always',
    startupProbe: {
      exec: { command: waitCommand(readySeconds) },
      periodSeconds: 1,
      timeoutSeconds: readySeconds + PROBE_STARTS,
      successThreshold: 1,
      failureThreshold: 1,
    },
  }
}

const waitCommand = (readySeconds: number): string[] => ['kernelseal', 'wait', '--timeout', `${readySeconds}`]

/**
 * Seconds without any other process after which the agent of a Pod that ends has no more to do. A failed container comes
 * back under `OnFailure`, after at most five minutes (kubelet, MaxContainerBackOff).
 */
const END_AFTER: ReadonlyMap<unknown, number> = new Map([
  ['Never', 10],
  ['OnFailure', 330],
])

/** The kubelet starts a Pod's containers in their order, and waits for each one's postStart hook (kubelet, SyncPod). */
function firstContainer(readySeconds: number, podRestart: unknown, flags: readonly string[]) {
  const endAfter = END_AFTER.get(podRestart)
  return {
    args: [...(endAfter === undefined ? ['run'] : ['sidecar', '--end-after', `${endAfter}`]), ...flags],
    lifecycle: { postStart: { exec: { command: waitCommand(readySeconds) } } },
  }
}

const portOf = ({ monitoring }: Config) => ({
  name: 'ks-metrics',
  containerPort: monitoring.metricsPort,
  protocol: 'TCP',
})

function fieldEnv(name: string, fieldPath: string) {
  return { name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } }
}
