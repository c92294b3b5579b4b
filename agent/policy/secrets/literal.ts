/** Values that stand in the configuration itself, for all who may read it. */

import type { Config, Source } from '../types.ts'
import { templateReferences } from './template.ts'

export interface Literal {
  readonly binding: string
  readonly variable: string
}

/** A template without references is a literal by another name. */
export function literalsIn({ secrets }: Config): Literal[] {
  return secrets.flatMap(({ name, secretRefs }) =>
    secretRefs.filter(({ source }) => isLiteral(source)).map((ref) => ({ binding: name, variable: ref.name })),
  )
}

const isLiteral = (source: Source): boolean =>
  source.kind === 'value' || (source.kind === 'template' && templateReferences(source.template).length === 0)
