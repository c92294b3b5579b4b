/** The webhook's patch, applied as the API server applies it. Offline alone: the server never loads the package. */
import jsonpatch from 'jsonpatch'
import type { Operation } from '../mutate/answer/patch.ts'

/** The object with the operations applied; untouched parts are shared with the original, which stays as it is. */
export const applyOperations = (object: unknown, operations: readonly Operation[]): unknown =>
  jsonpatch.apply_patch(object, [...operations])
