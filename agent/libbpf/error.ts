/** Failures of libbpf and the kernel behind it, with the call, its purpose, and errno's name. */
import { getSystemErrorMessage, getSystemErrorName } from 'node:util'

export class BpfError extends Error {
  readonly call: string
  /** Positive errno. */
  readonly errno: number
  /** The output of libbpf and the verifier. */
  readonly detail: string

  /** @param about the purpose of the call, for example "load program `guard_open_lsm`" */
  constructor(call: string, errno: number, about: string, detail = '') {
    const why = errno ? `${nameOf(errno)} (${messageOf(errno)})` : 'no errno'
    super(`cannot ${about}: ${call}: ${why}${detail ? `\n${detail}` : ''}`)
    this.name = 'BpfError'
    this.call = call
    this.errno = errno
    this.detail = detail
  }
}

function nameOf(errno: number): string {
  try {
    return getSystemErrorName(-errno)
  } catch {
    return `errno ${errno}`
  }
}

function messageOf(errno: number): string {
  try {
    return getSystemErrorMessage(-errno)
  } catch {
    return 'unknown error'
  }
}
