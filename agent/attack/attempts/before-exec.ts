/** Row 15: handles from before the seal. Those of the old memory map must be worthless, those of the process refused. */
import { closeSync, constants, openSync, readFileSync } from 'node:fs'
import { openSampler, type Sampler } from '../../linux/perf-sampler.ts'
import { waitForStop } from '../../linux/ptrace.ts'
import { sys } from '../../linux/syscall.ts'
import { type Attempt, leaked, type Outcome, type Region, type Target } from '../attempt.ts'
import { LAUNCHER_MARK } from '../runner/launch.ts'
import { environmentOf } from '../runner/locate.ts'
import { O_PATH, readEnviron } from './environ.ts'
import { ended, judgeEnd, release, withHeld } from './held-target.ts'
import { readRegion, scan } from './memory.ts'
import { openCpuSamplers, sampleStack } from './perf.ts'

const row15 = { row: 15, starts: true } as const

export const beforeExecAttempts: readonly Attempt[] = [
  {
    ...row15,
    id: 'environ-fd-before-exec',
    switch: 'blockEnviron',
    proof: 'control',
    title: 'read an environ opened before the exec',
    run: oldEnviron,
  },
  {
    ...row15,
    id: 'mem-fd-before-exec',
    switch: 'blockMem',
    proof: 'control',
    title: 'read a mem opened before the exec',
    run: oldMemory,
  },
  {
    ...row15,
    id: 'dirfd-before-exec',
    switch: 'blockEnviron',
    proof: 'refusal',
    title: 'openat environ from a /proc/P opened before the exec',
    run: oldDirectory,
  },
  {
    ...row15,
    id: 'pidfd-before-exec',
    switch: 'blockPtrace',
    proof: 'refusal',
    title: 'pidfd_getfd by a pidfd opened before the exec',
    run: oldPidfd,
  },
  {
    ...row15,
    id: 'perf-task-before-exec',
    switch: 'blockPtrace',
    proof: 'absence',
    title: 'perf samples by task, opened before the exec',
    run: (t) => oldSamplers(t, (pid) => [openSampler(pid, -1)]),
  },
  {
    ...row15,
    id: 'perf-cpu-before-exec',
    switch: 'blockPtrace',
    proof: 'absence',
    title: 'perf samples by CPU, opened before the exec',
    run: (t) => oldSamplers(t, () => openCpuSamplers()),
  },
]

/** environ_open keeps the memory map of that time; environ_read finds it without users (fs/proc/base.c, mmget_not_zero). */
function oldEnviron(target: Target): Outcome {
  return withHeld(target, (pid) => {
    const path = `/proc/${pid}/environ`
    control(readFileSync(path))
    const fd = openSync(path, 'r')
    return afterExec(pid, target, () => readEnviron(fd, target))
  })
}

function oldMemory(target: Target): Outcome {
  return withHeld(target, (pid) => {
    const fd = openSync(`/proc/${pid}/mem`, 'r')
    const region = environmentOf(pid)
    if (region) control(readRegion(fd, region))
    try {
      return afterExec(pid, target, () => scan({ pid, needle: target.needle }, (region) => readOld(fd, region)))
    } finally {
      closeSync(fd)
    }
  })
}

/** An address that the old map does not have is nothing to read, not a failure. */
function readOld(fd: number, region: Region): Buffer {
  try {
    return readRegion(fd, region)
  } catch {
    return Buffer.alloc(0)
  }
}

/** Without it, "reads nothing" could be a handle that never read anything. */
function control(bytes: Buffer): void {
  if (!bytes.includes(LAUNCHER_MARK)) throw new Error('control failed: the handle did not work before the exec')
}

function oldDirectory(target: Target): Outcome {
  return withHeld(target, (pid) => {
    const directory = openSync(`/proc/${pid}`, O_PATH | constants.O_DIRECTORY)
    try {
      return afterExec(pid, target, () =>
        readEnviron(sys('openat', directory, 'environ', constants.O_RDONLY, 0), target),
      )
    } finally {
      closeSync(directory)
    }
  })
}

function oldPidfd(target: Target): Outcome {
  return withHeld(target, (pid) => {
    const handle = sys('pidfd_open', pid, 0)
    try {
      return afterExec(pid, target, () => {
        closeSync(sys('pidfd_getfd', handle, 1, 0))
        return leaked("took the target's descriptor 1")
      })
    } finally {
      closeSync(handle)
    }
  })
}

/** A perf event outlives the exec of the task it counts (kernel/events/core.c, perf_event_exec), unseen by any hook at its opening. */
function oldSamplers(target: Target, open: (pid: number) => Sampler[]): Outcome {
  return withHeld(target, (pid) => {
    const samplers = open(pid)
    try {
      return afterExec(pid, target, () => sampleStack(samplers, { pid, needle: target.needle }))
    } finally {
      for (const sampler of samplers) sampler.close()
    }
  })
}

/** Lets the held target go; a start that was refused is judged by its end. */
export function afterExec(pid: number, target: Target, look: () => Outcome): Outcome {
  release(pid, target)
  return ended(pid) ? judgeEnd(waitForStop(pid)) : look()
}
