/** Places in the guest, and the sizes. */
import { join } from 'node:path'

export const DIRECTORY = '/tmp/kernelseal-bench'
/** On a file system of its own: the agent's watch of it makes every open of that file system dearer (fs/notify/fsnotify.c). */
export const ANNOTATIONS = '/run/kernelseal-bench/annotations'
export const MEASURE = join(DIRECTORY, 'measure')
export const READER = join(DIRECTORY, 'reader')
export const FILE = join(DIRECTORY, 'file')
/** Variables of a binding. */
export const SIZES = [1, 10, 50] as const
/** Scopes of the node beside which one is measured. */
export const SCOPES = [50, 500] as const
