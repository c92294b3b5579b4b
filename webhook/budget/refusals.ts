/** Why a connection or a request was not taken on, or was given up: one closed table, for the metric. */
const REFUSALS = {
  'not-accepted': 'a connection that the system could not hand over, for want of memory, for example',
  'too-many-waiting': 'connections that were not looked at yet, more than may wait',
  'too-many-handshakes': 'a handshake that was given up for a newer one',
  'too-many-connections':
    'a connection of the address with most, closed for a newer one; or a new one of that address where none was idle',
  'too-many-bytes': 'a body or an answer beyond the bytes in flight',
  'small-pieces': 'a body in pieces that are smaller than an API server makes them',
  'unasked-body': 'a body on a request that takes none, or that went on after its answer',
  'slow-request': 'a request that was not there in time',
  'slow-reader': 'an answer that was not read in time',
  pipelined: 'a second request before the first was answered',
  unreadable: 'bytes that are no HTTP request, or a head that is too long',
  'unknown-caller': 'a review asked for without the certificate of an API server',
  handshake: 'a handshake that failed or took too long',
} as const

export type Refusal = keyof typeof REFUSALS
export const REFUSAL_NAMES = Object.keys(REFUSALS) as Refusal[]
