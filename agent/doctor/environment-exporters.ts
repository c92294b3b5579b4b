/**
 * Tools on the node that copy the environment of each program that starts, by kernel programs of their own: nothing
 * refuses those, and their exported data has the values in it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import type { Finding } from './checks.ts'

interface Tool {
  readonly pid: string
  /** Arguments and settings, as one text. */
  readonly settings: string
}

interface Kind {
  /** Of the program, as /proc/PID/comm has it. */
  readonly comm: RegExp
  /**
   * Whether these settings switch the copying on. Absent: it always copies, and rules decide which copies are shown.
   */
  readonly captures?: RegExp
  readonly off: string
}

const KINDS: Readonly<Record<string, Kind>> = {
  Tetragon: {
    comm: /^tetragon$/,
    captures: /enable-process-environment-variables(?:=true|:true)?(?:\s|$)/,
    off: 'set `enable-process-environment-variables` to false, or name harmless ones in `filter-environment-variables`',
  },
  Tracee: {
    comm: /^tracee(-ebpf)?$/,
    captures: /exec-env/,
    off: 'take `option:exec-env` out of its output options',
  },
  Falco: {
    comm: /^(falco|sysdig)$/,
    off: 'keep `proc.env`, and captures of whole events, out of its rules and outputs',
  },
}

const WHAT = 'tools that copy environments'
const WHY = 'their exports have the values in them, and no kernel refuses root of the host its tracing'
/** Of the PID namespace every machine starts with (include/linux/proc_ns.h, PROC_PID_INIT_INO). */
const INITIAL_PID_NAMESPACE = 0xeffffffc

/** @param proc of the node; @param namespace inode number of the PID namespace it shows */
export function captureTools(namespace: number, proc = '/proc'): Finding {
  const found = Object.entries(KINDS).flatMap(([name, kind]) => {
    return running(kind, proc).map((tool) => ({ name, kind, tool }))
  })
  const bad = found.filter(({ kind, tool }) => kind.captures?.test(tool.settings))
  const doubtful = found.filter(({ kind }) => !kind.captures)
  const worst = bad[0] ?? doubtful[0]
  if (worst) {
    const state = bad.length ? 'unsupported' : 'degraded'
    const does = bad.length ? 'which exports the environment of new processes' : 'whose rules may show environments'
    const text = `${worst.name} (PID ${worst.tool.pid}), ${does}`
    return { what: WHAT, why: WHY, state, found: text, fix: `${worst.name}: ${worst.kind.off}` }
  }
  if (namespace !== INITIAL_PID_NAMESPACE) {
    const fix = 'run this with hostPID, as deploy/doctor does'
    return { what: WHAT, why: WHY, state: 'unknown', found: "the node's processes cannot be seen from here", fix }
  }
  const names = found.map(({ name, tool }) => `${name} (PID ${tool.pid}), which does not`)
  return { what: WHAT, why: WHY, state: 'supported', found: names.join('; ') || 'none runs' }
}

function running({ comm }: Kind, proc: string): Tool[] {
  const pids = readdirSync(proc).filter((name) => /^\d+$/.test(name))
  const ours = pids.filter((pid) => comm.test(read(`${proc}/${pid}/comm`).trim()))
  return ours.map((pid) => ({ pid, settings: `${argumentsOf(proc, pid)} ${settingsOf(proc, pid)}` }))
}

const argumentsOf = (proc: string, pid: string): string => read(`${proc}/${pid}/cmdline`).replaceAll('\0', ' ')

/** Tetragon's: one file for each setting, named like it (its Helm chart mounts them so). */
function settingsOf(proc: string, pid: string): string {
  const name = 'enable-process-environment-variables'
  const value = read(`${proc}/${pid}/root/etc/tetragon/tetragon.conf.d/${name}`).trim()
  const tracee = read(`${proc}/${pid}/root/tracee/config.yaml`)
  return `${value ? `${name}=${value}` : ''} ${/exec-env:\s*true/.test(tracee) ? 'exec-env' : ''}`
}

/** '' where there is nothing, or it has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
