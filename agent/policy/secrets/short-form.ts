/** `secret.kernelseal.io/<ENV_NAME>: <ref>`: one variable for the entrypoint of every container. */

import type { Located } from '../schema.ts'
import type { Field } from '../text/field.ts'
import { wrongVariable } from '../text/names.ts'
import type { SecretRef } from '../types.ts'
import { type Capacities, capacityOf, DEFAULT_CAPACITIES } from './capacities.ts'
import { readRef } from './ref.ts'
import { DEFAULT_SELECTOR } from './selector.ts'

/** Name of the binding that the short-form annotations of a Pod make together. */
export const SHORT_FORM_BINDING = 'secret.kernelseal.io'

/** One annotation of the short form. */
export interface ShortForm {
  readonly variable: string
  readonly field: Field
}

/** All short forms are one binding to the entrypoint of every container. */
export function readShortForms(
  forms: readonly ShortForm[],
  capacities: Capacities = DEFAULT_CAPACITIES,
): readonly Located[] {
  const refs = forms.flatMap(({ variable, field }) => {
    const ref = readShortForm(variable, field, capacityOf(capacities, variable))
    return ref === undefined ? [] : [{ ref, field }]
  })
  const [first] = refs
  if (first === undefined) return []
  const binding = { name: SHORT_FORM_BINDING, selector: DEFAULT_SELECTOR, secretRefs: refs.map(({ ref }) => ref) }
  return [{ binding, field: first.field, refFields: refs.map(({ field }) => field) }]
}

function readShortForm(variable: string, field: Field, capacity: number): SecretRef | undefined {
  const name = field.checked(variable, wrongVariable)
  const source = readRef(field)
  return name === undefined || source === undefined ? undefined : { name, source, capacity }
}
