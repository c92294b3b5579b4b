/** docs/reference/commands.md has the options of each command, as its help has them: all of them, and no other. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { allCommands } from '../../../agent/cli/commands.ts'

const page = readFileSync(new URL('../../../docs/reference/commands.md', import.meta.url), 'utf8')
const [, section = ''] = /^## Options\n([\s\S]*?)^## /m.exec(page) ?? []
const rows = new Map(
  [...section.matchAll(/^\| `kernelseal (\S+)` \| (.*) \|$/gm)].map(([, name, cell]) => [name, cell]),
)
const commands = await allCommands()

/** Options as the help has them, before two spaces or alone in their line. */
const inHelp = (help: string): string[] =>
  [...help.matchAll(/^ {2}((?:-\w, )?--[\w-]+(?: \S+)?)(?: {2}|$)/gm)].map(([, option = '']) => option)

describe('the options in the reference of commands', () => {
  it('have a row for each command, in the order of `kernelseal help`, and none for another', () => {
    assert.deepEqual(
      [...rows.keys()],
      commands.map(({ name }) => name),
    )
  })

  for (const { name, options, help } of commands) {
    it(`are those of \`kernelseal ${name} --help\``, () => {
      const said = inHelp(help).filter((option) => option !== '-h, --help')
      assert.equal(said.length, Object.keys(options).length, help)
      assert.equal(rows.get(name), said.map((option) => `\`${option}\``).join(' ') || '–')
    })
  }

  it('are named elsewhere on the page only where a command has them', () => {
    const known = new Set(['help', ...commands.flatMap(({ options }) => Object.keys(options))])
    const named = [...page.matchAll(/(?<![\w-])--([a-z][a-z-]+)/g)].map(([, option = '']) => option)
    assert.ok(named.length > 40)
    assert.deepEqual(
      named.filter((option) => !known.has(option)),
      [],
    )
  })
})
