/** The script that teaches a shell a program's command lines. */
import { bashCompletion } from './bash.ts'
import { fishCompletion } from './fish.ts'
import type { Program, Shell } from './program.ts'
import { zshCompletion } from './zsh.ts'

const SCRIPTS: Readonly<Record<Shell, (program: Program) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
}

export const completionScript = (shell: Shell, program: Program): string => SCRIPTS[shell](program)
