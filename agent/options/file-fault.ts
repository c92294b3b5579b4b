/** Why a file that a command line names cannot be read, in words. */
import { getSystemErrorMessage } from 'node:util'

/** @param error of node:fs */
export function reasonOf(error: unknown): string {
  const { code, errno, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'there is no such file'
  return errno === undefined ? message : `${getSystemErrorMessage(errno)} (${code})`
}
