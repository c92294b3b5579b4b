/** The answers of the API server, read with a bound: one object, the lines of a watch, or a refusal in its own words. */
import type { IncomingMessage } from 'node:http'
import { json, text } from 'node:stream/consumers'
import { bounded, MOST_BYTES, TooLarge } from './bounded.ts'

export type Opened = Promise<IncomingMessage>

/** k8s.io/apimachinery, meta/v1 WatchEvent. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: unknown
}

export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** HTTP status. */
  readonly status: number
  /** Milliseconds the server asks to be left alone for (RFC 9110, `Retry-After` in seconds); 0 where it does not. */
  readonly retryAfter: number

  constructor(method: string, path: string, status: number, message: string, retryAfter = 0) {
    super(`${method} ${path}: ${status} ${message}`)
    this.status = status
    this.retryAfter = retryAfter
  }
}

export async function read<Answer>(opened: Opened, method: string, path: string): Promise<Answer> {
  return (await json(bounded(await accepted(opened, method, path)))) as Answer
}

/** An answer that is no JSON. */
export async function readText(opened: Opened, path: string): Promise<string> {
  return text(bounded(await accepted(opened, 'GET', path)))
}

async function accepted(opened: Opened, method: string, path: string): Opened {
  const response = await opened
  const status = response.statusCode ?? 0
  if (status < 300) return response
  // The refusal may come from a proxy, which does not answer in JSON.
  const { message = '' } = await (json(bounded(response)) as Promise<{ message?: string }>).catch(() => ({
    message: '',
  }))
  throw new ApiError(method, path, status, message, retryAfter(response))
}

export async function* follow(opened: Opened, path: string): AsyncIterable<WatchEvent> {
  const response = await opened
  if (response.statusCode !== 200) {
    response.resume()
    throw new ApiError('GET', path, response.statusCode ?? 0, 'the watch was refused', retryAfter(response))
  }
  for await (const line of linesOf(response)) yield JSON.parse(line) as WatchEvent
}

/** The form with a date is not one an API server uses. */
function retryAfter({ headers }: IncomingMessage): number {
  const seconds = Number(headers['retry-after'] ?? 0)
  return seconds > 0 ? seconds * 1000 : 0
}

/** Not node:readline, which loses the error of a connection that breaks. */
async function* linesOf(stream: AsyncIterable<Buffer>): AsyncIterable<string> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk])
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      if (end > 0) yield rest.subarray(0, end).toString('utf8')
      rest = rest.subarray(end + 1)
    }
    if (rest.length > MOST_BYTES) throw new TooLarge(`a line of the watch is longer than ${MOST_BYTES} bytes`)
  }
}
