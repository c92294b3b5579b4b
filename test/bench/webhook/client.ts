/** A client that costs little: whole requests on kept-open TLS connections, one at a time on each. */
import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'

export interface Result {
  readonly requests: number
  readonly seconds: number
  /** Milliseconds from the first byte sent to the last received, sorted. */
  readonly latencies: readonly number[]
}

/** @throws Error when an answer is not an allowing AdmissionReview */
export async function load(
  port: number,
  ca: string,
  body: Buffer,
  connections: number,
  seconds: number,
): Promise<Result> {
  const head = `POST /mutate HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
  const message = Buffer.concat([Buffer.from(head), body])
  const latencies: number[] = []
  const start = performance.now()
  const end = start + seconds * 1000
  await Promise.all(Array.from({ length: connections }, () => keepAsking(port, ca, message, end, latencies)))
  const took = (performance.now() - start) / 1000
  return { requests: latencies.length, seconds: took, latencies: latencies.sort((a, b) => a - b) }
}

async function keepAsking(port: number, ca: string, message: Buffer, end: number, latencies: number[]): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca })
  await once(socket, 'secureConnect')
  socket.setNoDelay(true)
  while (performance.now() < end) {
    const began = performance.now()
    socket.write(message)
    await answered(socket)
    latencies.push(performance.now() - began)
  }
  socket.destroy()
}

function answered(socket: TLSSocket): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    let received = 0
    let expected = Number.POSITIVE_INFINITY
    const onData = (chunk: Buffer) => {
      if (received === 0) {
        const head = chunk.subarray(0, 1024).toString('latin1')
        const length = /content-length: ([0-9]+)/i.exec(head)?.[1]
        if (!head.startsWith('HTTP/1.1 200') || length === undefined) return reject(new Error(head))
        expected = head.indexOf('\r\n\r\n') + 4 + Number(length)
        if (!head.includes('"allowed":true')) return reject(new Error(head))
      }
      received += chunk.length
      if (received < expected) return
      socket.off('data', onData)
      resolve()
    }
    socket.on('data', onData)
    socket.once('error', reject)
  }).finally(() => socket.removeAllListeners('error'))
}

export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
