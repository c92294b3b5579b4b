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

/**
 * Keys that begin with a digit, or with an escape that may stand for one. V8 keeps keys like those of a list (`"17"`) in a table of their own and
 * sorts it whenever the keys are asked for: 400,000 annotations took seconds. Of a Pod some (`1password.com/…`) begin so.
 */
export const MAX_NUMERIC = 4096

const [QUOTE, BACKSLASH, COMMA, COLON, SPACE] = [0x22, 0x5c, 0x2c, 0x3a, 0x20]
const [DIGIT_0, DIGIT_9] = [0x30, 0x39]
const [OPEN_LIST, CLOSE_LIST, OPEN_MAPPING, CLOSE_MAPPING] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * One pass, 10 ms for 7 MiB. In a text that is no JSON, parts that look like it are counted.
 * @returns which limit the text passes, or undefined
 */
export function beyondBounds(text: Buffer): string | undefined {
  let [depth, values, numeric] = [0, 0, 0]
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]
    if (byte === QUOTE) {
      const start = at
      at = endOfString(text, at)
      if (mayBeNumeric(text[start + 1]) && isKey(text, at) && ++numeric > MAX_NUMERIC)
        return `has more than ${MAX_NUMERIC} keys that begin with a digit`
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

const mayBeNumeric = (byte = 0): boolean => (byte >= DIGIT_0 && byte <= DIGIT_9) || byte === BACKSLASH

/** @param end of a string: a colon follows, after any space */
function isKey(text: Buffer, end: number): boolean {
  let at = end + 1
  while (at < text.length && text[at]! <= SPACE) at++
  return text[at] === COLON
}
