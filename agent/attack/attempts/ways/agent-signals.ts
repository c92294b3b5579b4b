/** Row 12: signals to the agent, by every call that sends one. Effect: it is stopped, or ended. */
import { closeSync, readFileSync, writeSync } from 'node:fs'
import { sleep, sys } from '../../../linux/syscall.ts'
import { type Attempt, empty, leaked, type Outcome, refused } from '../../attempt.ts'
import { agentAttempt } from '../agent.ts'

const SIGCONT = 18
const SIGSTOP = 19
/** include/uapi/asm-generic/fcntl.h */
const [F_SETFL, F_SETOWN, F_SETSIG, O_ASYNC] = [4, 8, 10, 0o20000]

export const agentSignalAttempts: readonly Attempt[] = [
  agentAttempt('agent-signal', 'send the agent a harmless signal (SIGCONT)', (pid) => signal(pid, 'SIGCONT')),
  agentAttempt('agent-pidfd-signal', 'the same by pidfd_send_signal', pidfdSignal),
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
