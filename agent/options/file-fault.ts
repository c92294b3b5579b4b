/** Why a file that a command line or a setting names cannot be read or written, in words. */
import { getSystemErrorMessage } from 'node:util'

/** @param what names the file: an option, or a key of another file @param error of node:fs */
export const unreadable = (what: string, path: string, error: unknown): Error =>
  new Error(`${what}: cannot read \`${path}\`: ${reasonOf(error)}`)

/** @param error of node:fs */
export function reasonOf(error: unknown): string {
  const { code, errno, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') return 'it is a directory (name a file in it)'
  return errno === undefined ? message : `${getSystemErrorMessage(errno)} (${code})`
}
