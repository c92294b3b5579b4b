/** A request body up to a limit, and the beginning of one beyond it. */

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

export interface Collector {
  /** @returns false where no more of the body is to be read */
  add(chunk: Buffer): boolean
  /** What was collected, as a body that has ended, or is not read further. */
  body(): Body
}

export function openBody(limit = BODY_LIMIT): Collector {
  const chunks: Buffer[] = []
  let length = 0
  return {
    add: (chunk) => {
      length += chunk.length
      if (length <= limit) chunks.push(chunk)
      // The chunk that crosses the limit holds the uid when the first one does.
      else if (chunks.length === 0) chunks.push(chunk.subarray(0, limit))
      return length <= DRAIN_LIMIT
    },
    body: () => {
      const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
      if (length <= limit) return { kind: 'whole', bytes }
      return { kind: 'oversized', head: bytes, drained: length <= DRAIN_LIMIT }
    },
  }
}
