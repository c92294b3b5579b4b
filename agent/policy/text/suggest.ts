/** Did-you-mean: the known word nearest to a mistyped one. */

/**
 * The candidate within a third of the word's length (at least 2 edits, so that a swap of two letters in a
 * short word is found), or undefined. Ties go to the candidate listed first.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

/** A hint for a word that is not in the list: the nearest one, or all of them. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const guess = nearest(word, candidates)
  return guess === undefined ? `one of ${candidates.map(quote).join(', ')}` : `did you mean ${quote(guess)}?`
}

/**
 * Characters that a terminal obeys or a reader cannot see: C0 and C1 controls and DEL (U+009B starts an escape sequence without
 * an escape character), marks that turn the direction of writing (U+202E), joiners and other characters of no width, tags, lone
 * surrogates.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu

/** Text with every character but a line break visible, for text that goes to a terminal or a log. */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, (character) =>
    character === '\n' ? character : `\\u{${character.codePointAt(0)!.toString(16)}}`,
  )
}

/** Text from a stranger, for a message: in backticks, on one line, with every character visible, cut at 80 characters. */
export function quote(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 79)}…` : text
  return `\`${visible(JSON.stringify(cut).slice(1, -1).replaceAll('\\"', '"')).replaceAll('`', "'")}\``
}

/** Levenshtein distance, two rows; words beyond 64 characters are not compared (those are no typing mistakes). */
function editDistance(a: string, b: string): number {
  if (a.length > 64 || b.length > 64) return Number.POSITIVE_INFINITY
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const substitution = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(previous[column]! + 1, current[column - 1]! + 1, substitution))
    }
    previous = current
  }
  return previous[b.length]!
}
