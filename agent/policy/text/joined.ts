/** Texts in one, up to a length that is counted while they are joined: those of a stranger may be thousands, and each as long as a Pod. */

/**
 * @param limit characters of the result; the text that passes it is cut there
 * @returns the texts that fit, with the separator between them
 */
export function joined(texts: Iterable<string>, separator: string, limit: number): string {
  let all = ''
  let before = ''
  for (const text of texts) {
    const left = limit - all.length
    if (left <= before.length) break
    all += (before + text.slice(0, left)).slice(0, left)
    before = separator
  }
  return all
}
