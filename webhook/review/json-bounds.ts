/** Depth and number of values of a JSON text, counted over its bytes before anything is made of it. */

/**
 * Of a Pod's review some 20 levels are in use, most of them below `managedFields`. Code that walks a value by recursion
 * (JSON.stringify, a deep comparison) ends at some 7,000.
 */
export const MAX_DEPTH = 128
/**
 * A Pod of etcd's 1.5 MiB may stand in a review twice, and its smallest entry, `{"name":"a"},`, has 13 bytes and two
 * of the values counted here: 484,000. As empty lists or objects, the worst, this many take 30 MB.
 */
export const MAX_VALUES = 500_000

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c]
const [OPEN_LIST, CLOSE_LIST, OPEN_MAPPING, CLOSE_MAPPING] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * One pass, 10 ms for 7 MiB. In a text that is no JSON, parts that look like it are counted.
 * @returns which limit the text passes, or undefined
 */
export function beyondBounds(text: Buffer): string | undefined {
  let [depth, values] = [0, 0]
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]
    if (byte === QUOTE) {
      at = endOfString(text, at)
    } else if (byte === OPEN_MAPPING || byte === OPEN_LIST) {
      values++
      if (++depth > MAX_DEPTH) return `nests deeper than ${MAX_DEPTH}, at byte ${at}`
    } else if (byte === CLOSE_MAPPING || byte === CLOSE_LIST) {
      depth--
    } else if (byte === COMMA) {
      values++
    }
    if (values > MAX_VALUES) return `has more than ${MAX_VALUES} values`
  }
  return undefined
}

/** @returns where its closing quote is, or the end of a text that has none */
function endOfString(text: Buffer, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === BACKSLASH) at++
    else if (text[at] === QUOTE) return at
  }
  return text.length
}
