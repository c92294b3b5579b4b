/** Answers of the API server, up to a size: one without end would take the memory of the whole replica. */

/** Five of the largest objects of etcd (1.5 MiB, --max-request-bytes). Parsed it is a few times that. */
export const MOST_BYTES = 8 * 1024 * 1024

export class TooLarge extends Error {
  override readonly name = 'TooLarge'
}

/** @throws TooLarge instead of the chunk that passes `most` bytes; the stream is ended then */
export async function* bounded(stream: AsyncIterable<Buffer>, most = MOST_BYTES): AsyncGenerator<Buffer> {
  let length = 0
  for await (const chunk of stream) {
    length += chunk.length
    if (length > most) throw new TooLarge(`the answer is longer than ${most} bytes`)
    yield chunk
  }
}
