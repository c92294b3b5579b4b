import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { allCommands } from '../../../agent/cli/commands.ts'
import { kernelseal } from '../../support/agent/in-process.ts'

const ROOT = join(import.meta.dirname, '../../..')
const commands = await allCommands()

function run(main: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, main), ...args], { encoding: 'utf8' })
  return { status, stdout, stderr }
}
const started = (...args: string[]) => run('agent/main.ts', ...args)
const webhook = (...args: string[]) => run('webhook/main.ts', ...args)

describe('every command', () => {
  const reference = readFileSync(join(ROOT, 'docs/reference/commands.md'), 'utf8')
  for (const { name, options, help } of commands) {
    it(`${name}: has every option and its statuses in the help, and stands in the reference`, () => {
      for (const option of [...Object.keys(options), 'help']) assert.match(help, new RegExp(` --${option}( |$)`, 'm'))
      assert.match(help, new RegExp(`^usage: kernelseal ${name} `))
      assert.match(help, /^Exit status: /m)
      assert.match(reference, new RegExp(`\`(kernelseal )?${name}\``))
    })
  }

  for (const { name, help } of commands) {
    it(`${name}: answers -h, --help and \`help ${name}\` alike`, async () => {
      for (const args of [
        [name, '-h'],
        [name, '--help', '--unknown'],
        ['help', name],
      ]) {
        const { status, stdout } = await kernelseal(...args)
        assert.deepEqual([status, stdout], [0, help], args.join(' '))
      }
    })
  }

  it('leaves `--help` after `--` to the command that is started', () => {
    assert.doesNotMatch(started('exec', '--', 'ls', '--help').stdout, /^usage/)
  })
})

describe('kernelseal', () => {
  for (const args of [['-h'], ['--help'], ['help'], ['help', 'help'], ['help', '-h']]) {
    it(`lists all commands for \`${args}\``, async () => {
      const { status, stdout } = await kernelseal(...args)
      assert.equal(status, 0)
      for (const { name, summary } of commands) assert.ok(stdout.includes(`  ${name.padEnd(10)} ${summary}`), name)
    })
  }

  for (const [args, message] of [
    [['injct'], 'there is no command `injct` (did you mean `inject`?)'],
    [['help', 'injct'], 'there is no command `injct` (did you mean `inject`?)'],
    [['lint', '--stric'], 'there is no option `--stric` (did you mean `--strict`?)'],
    [['-config', 'x.yaml'], 'a command comes first: `kernelseal run --config FILE`'],
    [['run', '-config', 'x.yaml'], '`-config` is written with two dashes: `--config`'],
    [['help', 'lint', 'x'], '`x` is one word too many: `kernelseal help COMMAND`'],
    [['--jsn'], 'a command comes first, and only then options like `--jsn` (before it: one of `--help`, `--version`)'],
    [['lint', 'x.yaml'], '`x.yaml` is one word too many (files are given by `-f`)'],
    [['env', '--config', '/nowhere.yaml'], 'cannot read `/nowhere.yaml`: there is no such file'],
    [['env', '--config', '/'], 'cannot read `/`: it is a directory (name a file in it)'],
    [['check', '--kubeconfig', '/'], 'no cluster can be asked: cannot read `/`: it is a directory (name a file in it)'],
    [
      ['explain', 'pod', 'x', '--kubeconfig', '/'],
      'no cluster can be asked: cannot read `/`: it is a directory (name a file in it)',
    ],
    [['check', '--kubeconfig', '/nowhere'], 'no cluster can be asked: cannot read `/nowhere`: there is no such file'],
    [['sidecar', '--end-after', 'x'], '--end-after is 1 to 99999 s, not `x`'],
    [['completion', 'tcsh'], 'SHELL is `bash`, `zsh` or `fish`, not `tcsh`'],
  ] as const) {
    it(`says what was meant by \`${args.join(' ')}\`, with status 2`, async () => {
      assert.deepEqual(await kernelseal(...args), { status: 2, stdout: '', stderr: `kernelseal: ${message}\n` })
    })
  }
})

describe('a process of the command line', () => {
  it('has the outputs and the status of the call that the other tests make', async () => {
    for (const args of [[], ['help'], ['explain', '--help'], ['lint', '--stric'], ['version', '--json']])
      assert.deepEqual(started(...args), await kernelseal(...args), args.join(' '))
  })
})

describe('a file that cannot be written', () => {
  for (const args of [['bugtool', '--without', 'doctor', '--without', 'status', '--without', 'events', '-o']]) {
    it(`is named by \`${args[0]}\` with the reason, and the status is 1`, async () => {
      const { status, stderr } = await kernelseal(...args, '/nowhere/at/all')
      assert.deepEqual([status, stderr], [1, 'kernelseal: cannot write `/nowhere/at/all`: its directory is missing\n'])
    })
  }
})

describe('both programs', () => {
  for (const [name, program] of [
    ['kernelseal', started],
    ['kernelseal-webhook', webhook],
  ] as const) {
    it(`${name} says its version in words and as JSON`, () => {
      const words = new RegExp(`^${name} \\d+\\.\\d+\\.\\d+, Node v24\\.`)
      for (const args of [['version'], ['--version']]) assert.match(program(...args).stdout, words)
      const { program: said, version, node } = JSON.parse(program('version', '--json').stdout)
      assert.deepEqual([said, node], [name, process.version])
      assert.match(version, /^\d+\.\d+\.\d+$/)
      const wrong = program('version', '--jsn')
      assert.deepEqual(
        [wrong.status, wrong.stderr],
        [2, `${name}: there is no option \`--jsn\` (did you mean \`--json\`?)\n`],
      )
    })
  }

  it('of the webhook answers -h, --help and `help` alike, and says what was meant', () => {
    const [first, ...others] = [['-h'], ['--help'], ['help']].map((args) => webhook(...args).stdout)
    assert.match(first ?? '', /usage: kernelseal-webhook --agent-image IMAGE/)
    for (const other of others) assert.equal(other, first)
    const wrong = webhook('--agent-imag', 'a')
    assert.equal(wrong.status, 2)
    for (const [args, message] of [
      [['versoin'], 'there is no command `versoin` (did you mean `version`?)'],
      [['help', 'x'], 'COMMAND is `version`, `completion` or `help`, not `x`'],
      [['completion'], 'give the shell: bash, zsh, fish'],
      [['--config', '/nowhere'], '--config: cannot read `/nowhere`: there is no such file'],
    ] as const)
      assert.deepEqual(webhook(...args), { status: 2, stdout: '', stderr: `kernelseal-webhook: ${message}\n` })
    assert.equal(JSON.parse(webhook('--version', '--json').stdout).program, 'kernelseal-webhook')
    assert.match(wrong.stderr, /there is no option `--agent-imag` \(did you mean `--agent-image`\?\)/)
  })

  it('of the webhook names the setting and the file of a certificate or a key that cannot be read, with status 1', () => {
    const directory = 'cannot read `/`: it is a directory (name a file in it)'
    for (const [cert, key, message] of [
      ['/', import.meta.filename, `--cert-file: ${directory}`],
      [import.meta.filename, '/', `--key-file: ${directory}`],
    ] as const) {
      const stderr = `kernelseal-webhook: ${message}\n`
      const args = ['--agent-image', 'agent:1', '--cert-file', cert, '--key-file', key]
      assert.deepEqual(webhook(...args), { status: 1, stdout: '', stderr })
    }
  })
})
