import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { command } from '../../../agent/options/command.ts'
import { optionLines } from '../../../agent/options/help.ts'
import { parseOptions } from '../../../agent/options/parse.ts'
import type { NothingLeft, Options, Values } from '../../../agent/options/table.ts'

const TABLE = {
  json: { help: 'as JSON' },
  filename: { short: 'f', value: 'FILE', completes: 'files', multiple: true, help: 'manifests' },
  mode: { value: 'MODE', completes: ['audit', 'enforce'], default: 'enforce', help: 'of the agent' },
  config: { value: 'FILE', completes: 'files', help: 'settings' },
} as const

describe('a command line', () => {
  it('has defaults, repeated values and words', () => {
    const words = { value: 'SHELL', completes: 'nothing', most: 2 } as const
    const parsed = parseOptions(TABLE, ['a', '-f', 'x', '--filename=y', 'b'], words)
    assert.deepEqual(
      { ...parsed.values, words: parsed.words },
      {
        json: false,
        mode: 'enforce',
        filename: ['x', 'y'],
        words: ['a', 'b'],
      },
    )
  })

  for (const [args, message] of [
    [['--jsn'], 'there is no option `--jsn` (did you mean `--json`?)'],
    [['-x'], 'there is no option `-x` (one of `--help`, `--json`, `--filename`, `--mode`, `--config`)'],
    [['-config', 'x'], '`-config` is written with two dashes: `--config`'],
    [['-config=x'], '`-config=x` is written with two dashes: `--config=x`'],
    [['--mode', 'on'], '--mode is `audit` or `enforce`, not `on`'],
    [['--mode'], '`--mode` lacks its value: `--mode MODE`, and `--mode=MODE` where that begins with a dash'],
    [['-f'], '`--filename` lacks its value: `--filename FILE`, and `--filename=FILE` where that begins with a dash'],
    [
      ['-f', '--json'],
      '`--filename` lacks its value: `--filename FILE`, and `--filename=FILE` where that begins with a dash',
    ],
    [['--json=1'], '`--json` takes no value'],
    [['more'], '`more` is one word too many (files are given by `-f`)'],
    [['\x1b[2J'], '`\\u001b[2J` is one word too many (files are given by `-f`)'],
  ] as const) {
    it(`is refused for ${JSON.stringify(args)}, with a hint`, () => {
      assert.throws(
        () => parseOptions(TABLE, args),
        (error: Error) => error.name === 'UsageError' && error.message === message,
      )
    })
  }

  it('of many options lists none of them for one that is like none', () => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`option-${n}`, { help: 'one' }]))
    assert.throws(
      () => parseOptions(many, ['--zzz']),
      /^UsageError: there is no option `--zzz` \(`--help` lists them\)$/,
    )
  })

  it('ends at `--`: what follows belongs to another program', async () => {
    const seen = await runOn(['--json', 'x', '--', '--help', '-x'], true)
    assert.deepEqual(seen, { json: true, own: ['--json', 'x'], words: ['x'], after: ['--help', '-x'] })
  })

  it('may have no `--` where no other program is started', async () => {
    await assert.rejects(runOn(['--', 'x'], false), /`--` has no meaning here/)
  })
})

/** What `run` is given for a command line. */
async function runOn(args: readonly string[], after: boolean) {
  let seen: unknown
  const options = { json: { help: 'as JSON' } } as const
  const words = { value: 'WORD', completes: 'nothing', most: 1 } as const
  const about = { name: 'x', summary: 's', usage: '', text: 't', options, words, exit: '0.', ...(after && { after }) }
  const run = async ({ json }: Values<typeof options>, line: object) => {
    seen = { json, ...line }
    return 0
  }
  await command({ ...about, run }).run(args)
  return seen
}

describe('the help', () => {
  it('says the words, the default and whether an option may be repeated', () => {
    assert.equal(
      optionLines(TABLE),
      `  --json               as JSON
  -f, --filename FILE  manifests (repeatable)
  --mode MODE          of the agent (one of audit, enforce; default: enforce)
  --config FILE        settings
  -h, --help           this text
`,
    )
  })

  it('is never wider than 100 columns', () => {
    const long = { 'a-name-of-more-than-26-letters': { help: 'word '.repeat(60).trim() } }
    const lines = optionLines(long).trimEnd().split('\n')
    assert.ok(lines.length > 3)
    for (const line of lines) assert.ok(line.length <= 100, line)
  })
})

/** Each of these lines has to fail to compile: `npm run check` reports a directive that expects an error and finds none. */
describe('a mistake in a table', () => {
  it('does not compile', () => {
    // @ts-expect-error an option without help
    const helpless: Options = { json: {} }
    // @ts-expect-error a value that nobody said how to complete
    const uncompleted: Options = { config: { value: 'FILE', help: 'settings' } }
    // @ts-expect-error a switch has no default
    const switched: Options = { json: { help: 'as JSON', default: 'true' } }
    const { json, mode, filename, config, ...left } = parseOptions(TABLE, []).values
    left satisfies NothingLeft
    const { config: _, ...forgotten } = parseOptions(TABLE, []).values
    // @ts-expect-error options that the command never reads
    forgotten satisfies NothingLeft
    // @ts-expect-error a word that is not in the list
    const unlisted: boolean = mode === 'off'
    // @ts-expect-error an option that is not in the table
    const { unknown } = parseOptions(TABLE, []).values
    assert.ok([helpless, uncompleted, switched, json, filename ?? config ?? '', unlisted, unknown].length)
  })
})
