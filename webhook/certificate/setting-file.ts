/** Files that settings name. */
import { readFile } from 'node:fs/promises'
import { unreadable } from '../../agent/options/file-fault.ts'

/** @param option that names the file @throws Error with the option, the file and the reason, none of which node:fs has for a directory */
export async function settingFile(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw unreadable(option, path, error)
  }
}
