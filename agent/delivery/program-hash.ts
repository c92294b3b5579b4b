/**
 * `verify: sha256:…`: the content of the program a waiting process is about to run. The workload chooses the file, and one of
 * terabytes without a block on disk is made in a moment: so there is a limit of size, one is read at a time, in pieces between
 * which the event loop turns, and reading ends with the process.
 */
import { createHash } from 'node:crypto'
import { type BigIntStats, closeSync, fstatSync, openSync, read } from 'node:fs'
import { promisify } from 'node:util'

const readPiece = promisify(read)

/** Bytes of the largest program that is read: ten times Node's own, which is a large one. One to twenty seconds of reading. */
export const MOST_HASHED = 2 ** 30
/** A millisecond of hashing, or a few. */
const PIECE = 2 ** 18
/** Processes that wait for their turn, with three descriptors each; one more is refused. */
const MOST_QUEUED = 256

/** Contents seen, by identity and change time: a file's ctime can be set only by changing the clock (utimensat(2)). */
const known = new Map<string, string>()
const MOST_KNOWN = 256

let queued = 0
let turn: Promise<unknown> = Promise.resolve()

/**
 * The SHA-256 of the file that a process runs, in hex.
 * @param signal ends the wait, and the reading
 * @throws Error when it cannot be read, or may not be: that is said as its message
 */
export async function programHash(pid: number, signal: AbortSignal): Promise<string> {
  const fd = openSync(`/proc/${pid}/exe`, 'r')
  const close = (): void => closeSync(fd)
  let hash: Promise<string> | undefined
  try {
    const stats = fstatSync(fd, { bigint: true })
    const seen = known.get(fileIdentity(stats))
    if (seen !== undefined) return seen
    if (stats.size > MOST_HASHED) throw new Error(`the program has ${stats.size} bytes, and ${TOO_LARGE}`)
    if (queued >= MOST_QUEUED) throw new Error(`${queued} programs wait to be read already`)
    hash = inTurn(() => hashOnce(fd, stats, signal))
  } finally {
    if (hash) hash.then(close, close)
    else close()
  }
  return Promise.race([hash, whenAborted(signal)])
}

const TOO_LARGE = `none above ${MOST_HASHED} is read for \`verify: sha256\``

/** After all that were asked for before. */
function inTurn(work: () => Promise<string>): Promise<string> {
  queued++
  const result = turn.then(work)
  const after = (): void => {
    queued--
  }
  turn = result.then(after, after)
  return result
}

/** @throws also at once, for the many that wait where a read does not end */
function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

const fileIdentity = ({ dev, ino, size, ctimeNs }: BigIntStats): string => `${dev}:${ino}:${size}:${ctimeNs}`

async function hashOnce(fd: number, stats: BigIntStats, signal: AbortSignal): Promise<string> {
  const identity = fileIdentity(stats)
  const hash = known.get(identity) ?? (await hashOf(fd, signal))
  if (known.size >= MOST_KNOWN) known.delete(known.keys().next().value!)
  known.set(identity, hash)
  return hash
}

async function hashOf(fd: number, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  const piece = Buffer.alloc(PIECE)
  for (let at = 0; ; ) {
    signal.throwIfAborted()
    const { bytesRead } = await readPiece(fd, piece, 0, PIECE, at)
    if (bytesRead === 0) return hash.digest('hex')
    hash.update(piece.subarray(0, bytesRead))
    at += bytesRead
    if (at > MOST_HASHED) throw new Error(`the program grows while it is read, and ${TOO_LARGE}`)
  }
}
