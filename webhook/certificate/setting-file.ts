/** Files that settings name. */
import { readFile } from 'node:fs/promises'
import { reasonOf } from '../../agent/options/file-fault.ts'

/** @param option that names the file @throws Error with the option, the file and the reason, none of which node:fs has for a directory */
export async function settingFile(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new Error(`${option}: cannot read \`${path}\`: ${reasonOf(error)}`)
  }
}
