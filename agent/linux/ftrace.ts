/** Whether the kernel calls programs that hang on its functions: their trampolines are ftrace's direct calls. */
import { readFileSync } from 'node:fs'

export const FTRACE_SETTING = '/proc/sys/kernel/ftrace_enabled'

/** @returns the text of the setting; undefined where the kernel has none, and so no trampolines that go with it */
export function ftraceSetting(): string | undefined {
  try {
    return readFileSync(FTRACE_SETTING, 'utf8')
  } catch {
    return undefined
  }
}

/** @param text of the setting, @returns why that is no protection */
export function switchedOff(text: string | undefined): string | undefined {
  if (text?.trim() !== '0') return undefined
  return `\`${FTRACE_SETTING}\` is 0: the kernel calls no program of ours, so that nothing is refused and no value is given; write 1 to it`
}
