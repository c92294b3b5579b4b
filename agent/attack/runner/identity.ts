/**
 * An attacker: a uid and the capabilities an exec can give it.
 *   root            uid 0, everything this process may pass on
 *   container-root  uid 0 with the default set of container runtimes
 *   uid:N           uid and gid N without capabilities; `uid:0` is a root without any
 */
import { sys } from '../../linux/syscall.ts'

export type Identity = 'root' | 'container-root' | `uid:${number}`

/** containerd `oci/spec.go` defaultUnixCaps, by bit (include/uapi/linux/capability.h): CHOWN 0, DAC_OVERRIDE 1, FOWNER 3, FSETID 4,
 * KILL 5, SETGID 6, SETUID 7, SETPCAP 8, NET_BIND_SERVICE 10, NET_RAW 13, SYS_CHROOT 18, MKNOD 27, AUDIT_WRITE 29, SETFCAP 31. */
const CONTAINER_DEFAULT = [0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31]

const PR_CAPBSET_READ = 23
const PR_CAPBSET_DROP = 24
const PR_CAP_AMBIENT = 47
const PR_CAP_AMBIENT_CLEAR_ALL = 4
const CAPABILITY_VERSION_3 = 0x20080522

/** @throws RangeError for any other text */
export function parseIdentity(text: string): Identity {
  if (isIdentity(text)) return text
  throw new RangeError(`unknown identity \`${text}\`: expected \`root\`, \`container-root\` or \`uid:<number>\``)
}

export function isIdentity(text: string): text is Identity {
  return text === 'root' || text === 'container-root' || /^uid:\d{1,9}$/.test(text)
}

/**
 * Takes the identity on for the next `execve` of this thread; root's new capabilities come from the bounding set
 * (security/commoncap.c, handle_privileged_root), so the bounding set is reduced.
 * @throws SyscallError
 */
export function assume(identity: Identity): void {
  if (identity === 'root') return
  const keep = identity === 'container-root' ? CONTAINER_DEFAULT : []
  const uid = identity === 'container-root' ? 0 : Number(identity.slice('uid:'.length))
  dropBounding(keep)
  clearAmbient()
  sys('setgroups', 0, null)
  sys('setresgid', uid, uid, uid)
  sys('setresuid', uid, uid, uid)
  if (uid === 0) setCapabilities(keep)
}

function dropBounding(keep: readonly number[]): void {
  for (let capability = 0; capability < 64; capability++) {
    if (keep.includes(capability)) continue
    if (bounded(capability)) sys('prctl', PR_CAPBSET_DROP, capability, 0, 0, 0)
  }
}

/** EINVAL: past the kernel's last capability. */
function bounded(capability: number): boolean {
  try {
    return sys('prctl', PR_CAPBSET_READ, capability, 0, 0, 0) === 1
  } catch {
    return false
  }
}

function clearAmbient(): void {
  sys('prctl', PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
}

/** `struct __user_cap_data_struct[2]`: effective, permitted, inheritable (left empty) per 32 bits. */
function setCapabilities(keep: readonly number[]): void {
  const header = Buffer.alloc(8)
  header.writeUInt32LE(CAPABILITY_VERSION_3, 0)
  const data = Buffer.alloc(24)
  const mask = keep.reduce((bits, capability) => bits + 2 ** capability, 0)
  data.writeUInt32LE(mask, 0)
  data.writeUInt32LE(mask, 4)
  sys('capset', header, data)
}
