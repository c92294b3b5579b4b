/** Reads a request body up to a limit, and keeps the beginning of one beyond it. */

/**
 * The largest review: etcd takes objects of 1.5 MiB (--max-request-bytes), an API server reads requests of 3 MiB
 * (MaxRequestBodyBytes, apiserver/pkg/server/config.go); a review may carry that twice, as `object` and `oldObject`;
 * 1 MiB is for the envelope: user info, options and JSON escapes.
 */
export const BODY_LIMIT = 7 * 1024 * 1024
/** A client that is cut off in the middle of sending does not read the answer, so a little more is read and thrown away. */
const DRAIN_LIMIT = 8 * BODY_LIMIT

/** `head`: the bytes before the limit. `drained`: the rest was read too, the connection can be used again. */
export type Body =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  | { readonly kind: 'oversized'; readonly head: Buffer; readonly drained: boolean }

export async function readBody(stream: AsyncIterable<Buffer>, limit = BODY_LIMIT): Promise<Body> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    length += chunk.length
    if (length <= limit) chunks.push(chunk)
    // The chunk that crosses the limit holds the uid when the first one does.
    else if (chunks.length === 0) chunks.push(chunk.subarray(0, limit))
    if (length > DRAIN_LIMIT) return { kind: 'oversized', head: Buffer.concat(chunks), drained: false }
  }
  const bytes = Buffer.concat(chunks)
  return length <= limit ? { kind: 'whole', bytes } : { kind: 'oversized', head: bytes, drained: true }
}
