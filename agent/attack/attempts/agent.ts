/** Row 12: the agent itself, which holds every secret of its Pod. Effect: it can be read, or a signal reaches it. */
import { closeSync, openSync, readdirSync, readFileSync, readSync, writeSync } from 'node:fs'
import { addressOf, iovec, sleep, sys } from '../../linux/syscall.ts'
import { type Attempt, empty, Impossible, leaked, type Outcome, refused, type Target } from '../attempt.ts'
import { environmentOf } from '../runner/locate.ts'

const SIGCONT = 18
const SIGSTOP = 19
/** include/uapi/asm-generic/fcntl.h */
const [F_SETFL, F_SETOWN, F_SETSIG, O_ASYNC] = [4, 8, 10, 0o20000]
const RLIMIT_CORE = 4
/** include/uapi/linux/resource.h, include/uapi/linux/ioprio.h */
const [PRIO_PROCESS, IOPRIO_WHO_PROCESS] = [0, 1]
const PTRACE_SEIZE = 0x4206
const PTRACE_DETACH = 17
const PTRACE_INTERRUPT = 0x4207
const WALL = 0x40000000

/** Where the sidecar mounts the Pod's secrets. */
const SECRETS = 'run/kernelseal/secrets'

const row12 = { row: 12, switch: 'always', proof: 'refusal' } as const

export const agentAttempts: readonly Attempt[] = [
  agentAttempt('agent-environ', 'read the environ of the agent', (pid) => size(readFileSync(`/proc/${pid}/environ`))),
  agentAttempt('agent-maps', 'read the maps of the agent', (pid) => size(readFileSync(`/proc/${pid}/maps`))),
  agentAttempt('agent-mem', 'read the mem of the agent', readMemory),
  agentAttempt('agent-readv', 'process_vm_readv of the agent', readv),
  agentAttempt('agent-root', 'list the root directory of the agent', (pid) => list(`/proc/${pid}/root/`)),
  agentAttempt('agent-secrets', "list the agent's secrets through its root", (pid) =>
    list(`/proc/${pid}/root/${SECRETS}`),
  ),
  agentAttempt('agent-cwd', 'list the working directory of the agent', (pid) => list(`/proc/${pid}/cwd/`)),
  agentAttempt('agent-fd', 'list the descriptors of the agent', (pid) => list(`/proc/${pid}/fd/`)),
  agentAttempt('agent-ptrace', 'PTRACE_SEIZE of the agent', seize),
  agentAttempt('agent-signal', 'send the agent a harmless signal (SIGCONT)', (pid) => signal(pid, 'SIGCONT')),
  agentAttempt('agent-pidfd-signal', 'the same by pidfd_send_signal', pidfdSignal),
  agentAttempt('agent-nice', 'set the priority of the agent (setpriority), as it was', (pid) => {
    sys('setpriority', PRIO_PROCESS, pid, 0)
    return leaked('set')
  }),
  agentAttempt('agent-io-priority', 'set the I/O priority of the agent (ioprio_set), as it was', (pid) => {
    sys('ioprio_set', IOPRIO_WHO_PROCESS, pid, 0)
    return leaked('set')
  }),
  agentAttempt('agent-affinity', 'let the agent run on every CPU (sched_setaffinity)', (pid) => {
    sys('sched_setaffinity', pid, 128, Buffer.alloc(128, 0xff))
    return leaked('set')
  }),
  agentAttempt('agent-limit', 'set a limit of the agent (prlimit), as it was', setLimit),
  {
    ...agentAttempt('agent-file-signal', 'SIGSTOP the agent as owner of a pipe (F_SETSIG)', fileSignal, 'disruptive'),
    proof: 'absence', // root is not told
  },
  agentAttempt('agent-stop', 'SIGSTOP the agent', stop, 'disruptive'),
  {
    ...agentAttempt('agent-kill', 'SIGKILL the agent', (pid) => signal(pid, 'SIGKILL'), 'disruptive'),
    endsAgent: true,
  },
]

function agentAttempt(id: string, title: string, on: (pid: number) => Outcome, effect?: 'disruptive'): Attempt {
  const run = ({ agentPid, disruptive }: Target) => {
    if (agentPid === undefined) throw new Impossible('no agent to attack')
    if (effect && !disruptive) throw new Impossible('disruption was not asked for')
    return on(agentPid)
  }
  return { ...row12, id, title, run }
}

function size(bytes: Buffer): Outcome {
  return bytes.length > 0 ? leaked(`${bytes.length} bytes`) : empty('an empty file')
}

function list(path: string): Outcome {
  const entries = readdirSync(path)
  return entries.length > 0 ? leaked(`${entries.length} entries`) : empty('an empty directory')
}

function readMemory(pid: number): Outcome {
  const fd = openSync(`/proc/${pid}/mem`, 'r')
  try {
    const region = environmentOf(pid)
    const length = region ? readSync(fd, Buffer.alloc(16), 0, 16, region.start) : 0
    return leaked(`opened, ${length} bytes read`)
  } finally {
    closeSync(fd)
  }
}

function readv(pid: number): Outcome {
  const bytes = Buffer.alloc(16)
  const start = environmentOf(pid)?.start ?? 0x1000n
  return leaked(`${sys('process_vm_readv', pid, iovec(addressOf(bytes), 16), 1, iovec(start, 16), 1, 0)} bytes`)
}

function seize(pid: number): Outcome {
  sys('ptrace', PTRACE_SEIZE, pid, 0, 0)
  sys('ptrace', PTRACE_INTERRUPT, pid, 0, 0)
  sys('wait4', pid, null, WALL, null)
  sys('ptrace', PTRACE_DETACH, pid, 0, 0)
  return leaked('became its tracer')
}

/** kernel/signal.c, check_kill_permission → security_task_kill. */
function signal(pid: number, name: NodeJS.Signals): Outcome {
  process.kill(pid, name)
  return leaked(`${name} delivered`)
}

function stop(pid: number): Outcome {
  process.kill(pid, 'SIGSTOP')
  process.kill(pid, 'SIGCONT')
  return leaked('SIGSTOP delivered')
}

/** kernel/sys.c, do_prlimit → security_task_setrlimit. With less CPU time or memory than it has, the kernel would end it. */
function setLimit(pid: number): Outcome {
  const limit = Buffer.alloc(16)
  sys('prlimit64', pid, RLIMIT_CORE, null, limit)
  sys('prlimit64', pid, RLIMIT_CORE, limit, null)
  return leaked('a limit was set')
}

/**
 * fs/fcntl.c, sigio_perm: for root, or the target's own user; then security_file_send_sigiotask, which is asked in
 * place of security_task_kill. The writer into the pipe sees neither result.
 */
function fileSignal(pid: number): Outcome {
  const ends = Buffer.alloc(8)
  sys('pipe2', ends, 0)
  const [read, write] = [ends.readInt32LE(0), ends.readInt32LE(4)]
  const send = (signal: number): void => {
    sys('fcntl', read, F_SETSIG, signal)
    writeSync(write, 'x')
  }
  try {
    sys('fcntl', read, F_SETOWN, pid)
    sys('fcntl', read, F_SETFL, O_ASYNC)
    send(SIGSTOP)
    const stopped = isStoppedSoon(pid)
    send(SIGCONT)
    if (stopped) return leaked('SIGSTOP delivered')
    return process.geteuid?.() === 0 ? empty('it was not stopped') : refused('sigio_perm', 'EPERM')
  } finally {
    closeSync(read)
    closeSync(write)
  }
}

function isStoppedSoon(pid: number): boolean {
  for (const deadline = Date.now() + 2000; Date.now() < deadline; sleep(20)) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    if (stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')) return true
  }
  return false
}

function pidfdSignal(pid: number): Outcome {
  const handle = sys('pidfd_open', pid, 0)
  try {
    sys('pidfd_send_signal', handle, SIGCONT, null, 0)
    return leaked('SIGCONT delivered')
  } finally {
    closeSync(handle)
  }
}
