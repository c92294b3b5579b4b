/**
 * Says whether protection stands, over a Unix socket: of a service in its runtime directory, of a Pod in the agent's own `/dev`, a tmpfs that a container runtime makes for each
 * container (OCI runtime specification, default file systems), writable where the root is not. A port of the Pod would not do: any
 * container may listen on it first, and then give any answer, or none.
 */
import { rmSync, statSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { text } from 'node:stream/consumers'

/** The answer when protection stands; otherwise it is the reason why not. */
const YES = 'ready\n'
/** The kubelet asks once, its exec probe may be followed by a person's. */
const MOST_CONNECTIONS = 16
/** Milliseconds for an answer. */
const ANSWER_MS = 1_000

/**
 * A service has a directory of its own, which systemd names to all its commands (systemd.exec(5), RUNTIME_DIRECTORY, separated by
 * colons): several agents of a machine share its `/dev`.
 *
 * @param namespace inode of the PID namespace: agents of several may share a `/dev`, as on a test machine
 */
export function readySocketPath(namespace: number, environment: NodeJS.ProcessEnv = process.env): string {
  const [directory] = (environment.RUNTIME_DIRECTORY ?? '').split(':')
  return directory ? `${directory}/ready.sock` : `/dev/kernelseal-${namespace}.sock`
}

/** Of this process, which `kernelseal wait` shares with the agent of its container. */
export const ownPidNamespace = (): number => statSync('/proc/self/ns/pid').ino

export interface ReadySocket {
  /** Safe to call twice. */
  readonly close: () => void
}

/** @param notReady the reason; undefined when ready @throws where the path cannot be listened on */
export async function openReadySocket(path: string, notReady: () => string | undefined): Promise<ReadySocket> {
  // Of an agent that was killed. A path in use by another agent of this namespace is none: there is one.
  rmSync(path, { force: true })
  const server = createServer((socket) => {
    socket.on('error', () => {})
    const why = notReady()
    socket.end(why === undefined ? YES : `${why}\n`)
  })
  server.maxConnections = MOST_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  return { close: () => void server.close() }
}

/** @returns the reason why it is not ready; '' when it is */
export async function askReadySocket(path: string): Promise<string> {
  try {
    const socket = connect({ path, signal: AbortSignal.timeout(ANSWER_MS) } as never)
    const answer = await text(socket)
    return answer === YES ? '' : answer.trim().slice(0, 500) || 'no answer'
  } catch (error) {
    return (error as Error).message
  }
}
