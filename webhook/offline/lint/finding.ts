/** One mistake in a manifest. */
import { PREFIX, SHORT_FORM_PREFIX } from '../../../agent/policy/sidecar.ts'

export interface Finding {
  readonly severity: 'error' | 'warning'
  readonly where: string
  readonly object: string
  readonly text: string
}

export const isOurs = (key: string): boolean => key.startsWith(PREFIX) || key.startsWith(SHORT_FORM_PREFIX)
