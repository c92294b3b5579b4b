/** The uid of an AdmissionReview whose body is cut short or broken, so that even then the API server gets its answer. */

/** One JSON token: a string, a structural character, or any other run (number, true, null, or garbage). */
const TOKEN = /\s*("(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+)/gsy
/** A uid is a UUID in practice; longer ones are not ours to echo. */
const MAX_UID = 253

/**
 * Walks the tokens from the start and returns `request.uid`, and only that: `metadata.uid` and `userInfo.uid` are uids
 * of other things.
 * @param text the beginning of a body, possibly cut in the middle
 */
export function uidIn(text: string): string | undefined {
  const keys: (string | undefined)[] = []
  let previous = ''
  let value: string | undefined
  for (const [, token = ''] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') keys.push(undefined)
    else if (token === '}' || token === ']') keys.pop()
    else if (token === ',') keys[keys.length - 1] = undefined
    else if (token === ':') keys[keys.length - 1] = textOf(previous)
    else if (previous === ':' && keys.length === 2 && keys[0] === 'request' && keys[1] === 'uid') value = textOf(token)
    if (value !== undefined) return value !== '' && value.length <= MAX_UID ? value : undefined
    previous = token
  }
  return undefined
}

function textOf(token: string): string | undefined {
  try {
    const value: unknown = JSON.parse(token)
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
