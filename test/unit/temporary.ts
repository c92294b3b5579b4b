/** A folder for one test file, which is gone when the file has ended. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The runner gives each file a process of its own. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `kernelseal-${name}-`))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}
