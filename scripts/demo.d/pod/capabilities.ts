/** Which capabilities a container has, as the CRI computes them from its securityContext. */
import type { SecurityContext } from './spec.ts'

/** include/uapi/linux/capability.h, in the order of their numbers. */
const ALL = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN ' +
  'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP ' +
  'MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
).split(' ')

/** containerd, oci/spec.go, defaultUnixCaps. */
const DEFAULT =
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE'.split(
    ' ',
  )

export function capabilitiesOf({ privileged, capabilities }: SecurityContext = {}): OciCapabilities {
  if (privileged) return sets(ALL)
  const { add = [], drop = [] } = capabilities ?? {}
  const start = drop.includes('ALL') ? [] : DEFAULT.filter((name) => !drop.includes(name))
  return sets(add.includes('ALL') ? ALL : [...new Set([...start, ...add])])
}

export type OciCapabilities = ReturnType<typeof sets>

function sets(names: readonly string[]) {
  const list = names.map((name) => `CAP_${name}`)
  return { bounding: list, effective: list, permitted: list }
}
