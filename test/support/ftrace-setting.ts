/** The switch by which root of the machine ends every trampoline, and with them all refusals. */
import { writeFileSync } from 'node:fs'
import { FTRACE_SETTING } from '../../agent/linux/ftrace.ts'

/** @returns whether the kernel let it be: 5.10 does not, while programs are attached */
export function trySetFtrace(text: string): boolean {
  try {
    writeFileSync(FTRACE_SETTING, text)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBUSY') return false
    throw error
  }
}
