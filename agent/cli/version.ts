/** `kernelseal version`. */
import { VERSION } from '../config/version.ts'
import { command } from '../options/command.ts'
import type { NothingLeft, Values } from '../options/table.ts'
import { versionText } from '../options/version.ts'
import { EXIT } from './command.ts'

const OPTIONS = { json: { help: 'as JSON' } } as const

export const version = command({
  name: 'version',
  summary: 'of this program and its runtime',
  usage: '[--json]',
  text: 'Prints the version of this program, of Node, and the machine they are for.',
  options: OPTIONS,
  exit: '0.',
  run: main,
})

async function main({ json, ...left }: Values<typeof OPTIONS>): Promise<number> {
  left satisfies NothingLeft
  process.stdout.write(versionText('kernelseal', VERSION, json))
  return EXIT.ok
}
