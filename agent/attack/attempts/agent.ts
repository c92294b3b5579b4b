/** Row 12: the agent itself, which holds every secret of its Pod. Effect: it can be read, or set; ways/agent-signals.ts has the signals. */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { addressOf, iovec, sys } from '../../linux/syscall.ts'
import { type Attempt, empty, Impossible, leaked, type Outcome, type Target } from '../attempt.ts'
import { environmentOf } from '../runner/locate.ts'

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
]

export function agentAttempt(id: string, title: string, on: (pid: number) => Outcome, effect?: 'disruptive'): Attempt {
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

/** kernel/sys.c, do_prlimit → security_task_setrlimit. With less CPU time or memory than it has, the kernel would end it. */
function setLimit(pid: number): Outcome {
  const limit = Buffer.alloc(16)
  sys('prlimit64', pid, RLIMIT_CORE, null, limit)
  sys('prlimit64', pid, RLIMIT_CORE, limit, null)
  return leaked('a limit was set')
}
