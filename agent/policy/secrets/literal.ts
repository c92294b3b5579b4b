/** Values that stand in the configuration itself, for all who may read it. */

import type { Config, Source } from '../types.ts'
import { type BoundRef, refsOf } from './refs-of.ts'
import { templateReferences } from './template.ts'

/** A template without references is a literal by another name. */
export const literalsIn = (config: Config): BoundRef[] => refsOf(config, isLiteral)

const isLiteral = (source: Source): boolean =>
  source.kind === 'value' || (source.kind === 'template' && templateReferences(source.template).length === 0)
