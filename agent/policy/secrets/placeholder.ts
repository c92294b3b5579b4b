/**
 * The text that stands in for a secret until exec. The kernel side finds it by its last 48 bytes, so it
 * needs no search for the `=` of the variable:
 *
 *     kernelseal:v1:<slot>:......:<slot>:kernelseal:seal
 *     |-- head 14 --|-32-|            |-32-|-- tail 16 --|
 */
import { createHmac, createSecretKey } from 'node:crypto'

const HEAD = 'kernelseal:v1:'
const TAIL = ':kernelseal:seal'
/** Length of a slot: 32 hex digits, 128 bits. */
const SLOT_LENGTH = 32
/** Two slots, head, tail and the two colons that frame the padding. */
export const MIN_CAPACITY = HEAD.length + SLOT_LENGTH + 2 + SLOT_LENGTH + TAIL.length
export const DEFAULT_CAPACITY = 256
/** Half of the kernel's MAX_ARG_STRLEN (128 KiB, include/uapi/linux/binfmts.h). */
export const MAX_CAPACITY = 65536

/**
 * The slots of one Pod (or host): unguessable without the nonce, the same each time they are asked for. The key is made
 * once, because making it from bytes costs six times as much as the HMAC: 16 µs against 2.5 µs for each variable.
 * @param nonce 32 hex digits, random per Pod (or per host)
 */
export function slotsOf(nonce: string): (container: string, variable: string) => string {
  const key = createSecretKey(Buffer.from(nonce, 'hex'))
  return (container, variable) =>
    createHmac('sha256', key).update(`${container}\0${variable}`).digest('hex').slice(0, SLOT_LENGTH)
}

/** @param capacity length of the result in bytes, MIN_CAPACITY to MAX_CAPACITY */
export function placeholder(slot: string, capacity: number): string {
  const padding = '.'.repeat(capacity - MIN_CAPACITY)
  return `${HEAD}${slot}:${padding}:${slot}${TAIL}`
}

/** The slot a placeholder carries, or undefined when the text is not one. */
export function slotIn(text: string): string | undefined {
  if (!text.startsWith(HEAD) || !text.endsWith(TAIL)) return undefined
  const slot = text.slice(HEAD.length, HEAD.length + SLOT_LENGTH)
  return /^[0-9a-f]{32}$/.test(slot) ? slot : undefined
}

/** A placeholder without its end: a carrier of the environment had a limit for the length of a line. */
export const isCut = (text: string): boolean => text.startsWith(HEAD) && !text.endsWith(TAIL)
