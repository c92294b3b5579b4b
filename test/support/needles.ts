/** A value in every form it could slip into a text. */

/** Bytes of a piece: long enough to occur by nothing but the value, short enough to be found when a line was cut. */
const PIECE = 16

/** Forms of the beginning, the middle and the end of a value, as latin1 text. */
export function needlesOf(value: Buffer): string[] {
  const starts = [0, Math.floor((value.length - PIECE) / 2), value.length - PIECE]
  return [...new Set(starts.flatMap((at) => formsOf(value.subarray(at, at + PIECE))))]
}

function formsOf(piece: Buffer): string[] {
  const raw = piece.toString('latin1')
  const hex = piece.toString('hex')
  const escaped = raw.replace(/[^\x20-\x7e]|\\/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
  const url = [...piece].map((byte) => percent(byte)).join('')
  const json = JSON.stringify(raw).slice(1, -1)
  return [raw, piece.toString('utf8'), json, escaped, url, hex, hex.toUpperCase(), ...base64Of(piece)]
}

/** As encodeURIComponent does it, of bytes. */
function percent(byte: number): string {
  const c = String.fromCharCode(byte)
  return /[A-Za-z0-9\-_.!~*'()]/.test(c) ? c : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

/**
 * Three bytes are four digits, so a piece within a longer text looks one of three ways; without the digits that
 * depend on its neighbours.
 */
function base64Of(piece: Buffer): string[] {
  return [0, 1, 2].flatMap((skip) => {
    const whole = piece.subarray(skip, piece.length - ((piece.length - skip) % 3))
    return [whole.toString('base64'), whole.toString('base64url')]
  })
}

/** Which of these stand in a text. */
export function found(text: string, needles: readonly string[]): string[] {
  return needles.filter((needle) => text.includes(needle))
}
