/** A container of a Pod → the OCI configuration a kubelet and its runtime would give runc. Pure. */
import { capabilitiesOf } from './capabilities.ts'
import type { Container, Env, Image, Pod, VolumeMount } from './spec.ts'

export interface Surroundings {
  readonly image: Image
  /** Path of the Pod's PID namespace; absent for the sandbox, which makes it. */
  readonly pidNamespace?: string
  readonly cgroup: string
  /** Volume → folder of the machine. */
  readonly volumes: ReadonlyMap<string, string>
}

export function ociConfig(pod: Pod, container: Container, around: Surroundings) {
  const { securityContext: security } = container
  const { image, pidNamespace, cgroup } = around
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: security?.runAsUser ?? 0, gid: 0 },
      args: [...(container.command ?? image.entrypoint ?? []), ...(container.args ?? [])],
      env: environment(pod, container, image),
      cwd: '/',
      capabilities: capabilitiesOf(security),
      noNewPrivileges: false,
    },
    root: { path: 'rootfs', readonly: security?.readOnlyRootFilesystem ?? false },
    mounts: [...standardMounts(security?.privileged), ...contentMounts(image), ...volumeMounts(container, around)],
    linux: {
      cgroupsPath: cgroup,
      // The network is the machine's: the demo needs no other, and the probe comes from outside the Pod.
      namespaces: [{ type: 'mount' }, { type: 'ipc' }, { type: 'pid', ...(pidNamespace && { path: pidNamespace }) }],
      resources: { devices: security?.privileged ? [{ allow: true, access: 'rwm' }] : DEVICES },
      ...(security?.privileged ? {} : { maskedPaths: MASKED, readonlyPaths: READ_ONLY }),
    },
  }
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

function environment(pod: Pod, { env = [] }: Container, image: Image): string[] {
  const own = env.map((entry) => [entry.name, valueIn(entry, pod)] as const)
  return Object.entries({ PATH, ...image.env, ...Object.fromEntries(own) }).map(([name, value]) => `${name}=${value}`)
}

function valueIn({ name, value, valueFrom }: Env, { metadata }: Pod): string {
  if (value !== undefined) return value
  const fields: Record<string, string> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': '00000000-0000-4000-8000-000000000000', // an API server would have given it one of its own
  }
  const found = fields[valueFrom?.fieldRef.fieldPath ?? '']
  if (found === undefined) throw new Error(`the demo does not know where \`${name}\` comes from`)
  return found
}

/** containerd, oci/mounts.go. */
function standardMounts(privileged = false) {
  const quiet = ['nosuid', 'noexec', 'nodev']
  const access = privileged ? 'rw' : 'ro'
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: quiet },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755'] },
    { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['nosuid', 'noexec', 'ptmxmode=0666'] },
    { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...quiet, 'mode=1777'] },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...quiet, access] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [...quiet, access] },
  ]
}

function contentMounts({ content = {} }: Image) {
  return Object.entries(content).map(([destination, source]) => bind(source, destination, 'ro'))
}

function volumeMounts({ volumeMounts: mounts = [] }: Container, { volumes }: Surroundings) {
  return mounts.map(({ name, mountPath, readOnly }: VolumeMount) => {
    const source = volumes.get(name)
    if (source === undefined) throw new Error(`there is no volume \`${name}\``)
    return bind(source, mountPath, readOnly ? 'ro' : 'rw')
  })
}

const bind = (source: string, destination: string, access: 'ro' | 'rw') => ({
  destination,
  type: 'bind',
  source,
  options: ['rbind', 'rprivate', access],
})

/** The devices of every container: null, zero, full, random, urandom, tty, ptmx and its terminals. */
const DEVICES = [
  { allow: false, access: 'rwm' },
  ...[3, 5, 7, 8, 9].map((minor) => ({ allow: true, type: 'c', major: 1, minor, access: 'rwm' })),
  ...[0, 2].map((minor) => ({ allow: true, type: 'c', major: 5, minor, access: 'rwm' })),
  { allow: true, type: 'c', major: 136, access: 'rwm' },
]

/** Kubernetes' ProcMount `Default` (pkg/securitycontext/util.go). */
const MASKED = 'asound acpi kcore keys latency_stats timer_list timer_stats sched_debug scsi'
  .split(' ')
  .map((name) => `/proc/${name}`)
  .concat('/sys/firmware')
const READ_ONLY = 'bus fs irq sys sysrq-trigger'.split(' ').map((name) => `/proc/${name}`)
