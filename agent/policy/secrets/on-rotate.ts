/** `onRotate` of a binding: `restart`, or `{ signal: SIGHUP }`. */
import type { Field } from '../text/field.ts'
import { type OnRotate, ROTATE_SIGNALS } from '../types.ts'

export function readOnRotate(field: Field): OnRotate | undefined {
  if (typeof field.value === 'string') return field.oneOf(['restart'] as const)
  const signal = field.mapping(['signal'])?.required('signal')?.oneOf(ROTATE_SIGNALS)
  return signal && { signal }
}
