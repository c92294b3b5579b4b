/** Where things are in the guest, and what sizes there are. */
import { join } from 'node:path'

export const DIRECTORY = '/tmp/kernelseal-bench'
export const ANNOTATIONS = join(DIRECTORY, 'annotations')
export const MEASURE = join(DIRECTORY, 'measure')
export const READER = join(DIRECTORY, 'reader')
export const FILE = join(DIRECTORY, 'file')
/** Variables of a binding. */
export const SIZES = [1, 10, 50] as const
/** Scopes of the node beside which one is measured. */
export const SCOPES = [50, 500] as const
