/** The variables whose values come from one kind of source. */
import type { Config, Source } from '../types.ts'

export interface BoundRef {
  readonly binding: string
  readonly variable: string
}

export function refsOf({ secrets }: Config, is: (source: Source) => boolean): BoundRef[] {
  return secrets.flatMap(({ name, secretRefs }) =>
    secretRefs.filter(({ source }) => is(source)).map((ref) => ({ binding: name, variable: ref.name })),
  )
}
