/** Rows 1 and 2 through io_uring: opens and reads that no system call of that name ever makes. */
import { closeSync } from 'node:fs'
import { type Attempt, empty, type Outcome, prepare, search, type Target } from '../attempt.ts'
import { regionsOf } from '../runner/locate.ts'
import { OP_OPENAT, OP_READ, openRing, type Ring } from './uring-ring.ts'

const AT_FDCWD = -100
/** Longer than the environment of any canary. */
const LENGTH = 65536

export const uringAttempts: readonly Attempt[] = [
  {
    id: 'environ-io-uring',
    row: 1,
    switch: 'blockEnviron',
    proof: 'refusal',
    mayBeAbsent: true,
    title: 'io_uring open and read of environ',
    run: environ,
  },
  {
    id: 'mem-io-uring',
    row: 2,
    switch: 'blockMem',
    proof: 'refusal',
    mayBeAbsent: true,
    title: 'io_uring open and read of mem',
    run: memory,
  },
]

function environ(target: Target): Outcome {
  return withFile(`/proc/${target.pid}/environ`, (ring, fd) => {
    const bytes = Buffer.alloc(LENGTH)
    const length = ring.run({ op: OP_READ, fd, memory: bytes, length: LENGTH, offset: 0n })
    return search(bytes.subarray(0, length), target.needle, 'environ')
  })
}

function memory(target: Target): Outcome {
  return withFile(`/proc/${target.pid}/mem`, (ring, fd) => {
    for (const { start, end } of regionsOf(target)) {
      const bytes = Buffer.alloc(Math.min(Number(end - start), LENGTH))
      const length = ring.run({ op: OP_READ, fd, memory: bytes, length: bytes.length, offset: start })
      const outcome = search(bytes.subarray(0, length), target.needle, 'mem')
      if (outcome.kind === 'leaked') return outcome
    }
    return empty('no region of mem held it')
  })
}

function withFile(path: string, use: (ring: Ring, fd: number) => Outcome): Outcome {
  const ring = prepare('io_uring_setup', openRing)
  try {
    const fd = ring.run({ op: OP_OPENAT, fd: AT_FDCWD, memory: Buffer.from(`${path}\0`), length: 0, offset: 0n })
    try {
      return use(ring, fd)
    } finally {
      closeSync(fd)
    }
  } finally {
    ring.close()
  }
}
