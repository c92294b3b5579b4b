/** A text that is costly to make and asked for by strangers: made once a second at most. */

/** Milliseconds for which a text is the same. Scrapes are 15 s apart or more; two servers that scrape at once see the same. */
export const FRESH_MS = 1_000

/** @returns asks `make` where the last text is older than a second; requests meanwhile get the same */
export function onceASecond(
  make: () => Promise<string>,
  now: () => number = () => performance.now(),
): () => Promise<string> {
  let last: { readonly text: Promise<string>; readonly at: number } | undefined
  return () => {
    if (last !== undefined && now() - last.at < FRESH_MS) return last.text
    last = { text: make(), at: now() }
    // A failure goes to the requests that waited; the next one tries again.
    last.text.catch(() => {
      last = undefined
    })
    return last.text
  }
}
