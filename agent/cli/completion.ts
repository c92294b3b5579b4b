/** `kernelseal completion`: teaches a shell the command lines of this program. */
import { command, type Line } from '../options/command.ts'
import { type Completed, type Program, SHELLS, type Shell } from '../options/completion/program.ts'
import { completionScript } from '../options/completion/script.ts'
import type { Words } from '../options/table.ts'
import { UsageError } from '../policy/text/problems.ts'
import { EXIT } from './command.ts'
import { allCommands } from './commands.ts'

const TEXT = `Prints a script for the shell, which then completes commands, options and their values:

  bash: source <(kernelseal completion bash)                                in ~/.bashrc
  zsh:  kernelseal completion zsh >~/.zfunc/_kernelseal                     with ~/.zfunc in fpath, before compinit
  fish: kernelseal completion fish >~/.config/fish/completions/kernelseal.fish`

export const completion = command({
  name: 'completion',
  summary: 'for bash, zsh or fish',
  usage: SHELLS.join('|'),
  text: TEXT,
  options: {},
  words: { value: 'SHELL', completes: SHELLS, most: 1 },
  exit: '0, 2 for another shell.',
  run: main,
})

async function main(_values: object, { words: [shell] }: Line): Promise<number> {
  if (shell === undefined) throw new UsageError(`give the shell: ${SHELLS.join(', ')}`)
  process.stdout.write(completionScript(shell as Shell, await programOf()))
  return EXIT.ok
}

async function programOf(): Promise<Program> {
  const commands = await allCommands()
  const names: Words = { value: 'COMMAND', completes: commands.map(({ name }) => name), most: 1 }
  const help: Completed = { name: 'help', summary: 'of a command', options: {}, words: names }
  return { name: 'kernelseal', options: { version: { help: 'the version' } }, commands: [...commands, help] }
}
