/**
 * The steps of `npm run check`, and `npm run prose`, with their real settings, on a small project: each lets it through, and fails
 * once a fault of its kind is planted. A check that cannot fail, or whose settings leave a folder out, proves nothing. The
 * generated wire layer and the stack frames have tests of their own beside this one.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { before, describe, it } from 'node:test'
import { temporaryFolder } from '../temporary.ts'

const ROOT = join(import.meta.dirname, '../../..')
const PROJECT = temporaryFolder('planted')
const PROGRAMS = [join(ROOT, 'node_modules/.bin'), dirname(process.execPath), process.env.PATH].join(delimiter)
const SETTINGS = [
  'biome.json',
  'knip.json',
  'tsconfig.json',
  '.gitignore',
  'scripts/lib',
  'bpf/Makefile',
  'bpf/.clang-format',
]

const manifest = (name: string, more = {}) =>
  `${JSON.stringify({ name, private: true, type: 'module', ...more }, null, 2)}\n`
const SOUND: Readonly<Record<string, string>> = {
  'package.json': manifest('planted', { workspaces: ['agent', 'webhook'] }),
  'agent/package.json': manifest('agent'),
  'webhook/package.json': manifest('webhook'),
  'agent/main.ts': "import { run } from './cli/run.ts'\n\nrun()\n",
  'agent/cli/run.ts': "import { two } from '../policy/two.ts'\n\nexport const run = (): number => two\n",
  'agent/policy/two.ts': '/** Not one. */\nexport const two = 2\n',
  'webhook/main.ts': "import { two } from '../agent/policy/two.ts'\n\nprocess.exitCode = two\n",
  'bpf/lib/two.h': '/* Not one. */\nint two;\n',
  'docs/architecture.md':
    '| `agent` | x | `agent/cli` |\n| `agent/cli` | x | `agent/policy` |\n| `agent/policy` | x | |\n| `webhook` | x | `agent/policy` |\n',
}

const { check, prose } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts
/** As `npm run check` has it: a step that is taken out of there is missing here. */
function commandOf(name: string): string {
  const command = name === 'npm run prose' ? prose : check.split(' && ').find((one: string) => one.startsWith(name))
  assert.ok(command, `\`npm run check\` has no \`${name}\``)
  return command
}

function write(name: string, text: string): void {
  mkdirSync(dirname(join(PROJECT, name)), { recursive: true })
  writeFileSync(join(PROJECT, name), text)
}

/** @returns the output of a step that failed, else undefined */
function complaint(command: string): string | undefined {
  execFileSync('git', ['-C', PROJECT, 'add', '-A'])
  const env = { ...process.env, PATH: PROGRAMS }
  const { status, stdout, stderr } = spawnSync(command, { cwd: PROJECT, env, encoding: 'utf8', shell: true })
  return status === 0 ? undefined : `${stdout}${stderr}`
}

before(() => {
  for (const name of SETTINGS) cpSync(join(ROOT, name), join(PROJECT, name), { recursive: true })
  for (const [name, text] of Object.entries(SOUND)) write(name, text)
  mkdirSync(join(PROJECT, 'node_modules'))
  symlinkSync(join(ROOT, 'node_modules/@types'), join(PROJECT, 'node_modules/@types'))
  symlinkSync(join(ROOT, 'node_modules/undici-types'), join(PROJECT, 'node_modules/undici-types'))
  execFileSync('git', ['-C', PROJECT, 'init', '-q'])
})

/** Step → the files with faults, and one expression for the complaint about each fault. */
const FAULTS: Readonly<Record<string, readonly [files: Readonly<Record<string, string>>, says: readonly RegExp[]]>> = {
  'biome check': [
    {
      'agent/unread.ts': 'const unread = 1\n',
      'agent/format.ts': 'export const spaced  = "two"\n',
      'agent/policy/impure.ts': "export { readFile } from 'node:fs'\n",
      'agent/foreign.ts': "export { load } from 'koffi'\n",
      'webhook/foreign.ts': "export { run } from '../agent/cli/run.ts'\n",
    },
    [
      /unread\.ts\S* lint\/correctness\/noUnusedVariables/,
      /format\.ts format/,
      /impure\.ts\S* lint\/style\/noRestrictedImports/,
      /agent\/foreign\.ts\S* lint\/style\/noRestrictedImports/,
      /webhook\/foreign\.ts\S* lint\/style\/noRestrictedImports/,
    ],
  ],
  'make -s -C bpf check-format': [{ 'bpf/guard/one.bpf.c': 'int   one;\n' }, [/one\.bpf\.c:1:4: error/]],
  tsc: [{ 'webhook/one.ts': "export const one: number = 'one'\n" }, [/webhook\/one\.ts\(1,14\): error TS2322/]],
  knip: [
    {
      'agent/policy/two.ts': 'export const two = 2\nexport const three = 3\nexport type Four = 4\n',
      'webhook/one.ts': 'export const one = 1\n',
      'webhook/main.ts':
        "import 'not-listed'\n\nimport { two } from '../agent/policy/two.ts'\n\nprocess.exitCode = two\n",
    },
    [/Unused files[^U]+webhook\/one\.ts/, /Unused exports[^U]+three/, /Unused exported types[^U]+Four/, /not-listed/],
  ],
  'node scripts/lib/rooms.ts': [
    { 'agent/policy/up.ts': "export { run } from '../cli/run.ts'\n", 'webhook/new/one.ts': 'export const one = 1\n' },
    [/agent\/policy\/up\.ts: `agent\/policy` may not import `agent\/cli`/, /`webhook\/new` has no row/],
  ],
  'npm run prose': [{ 'agent/policy/who.ts': '// Who says what to whom\n' }, [/error: agent\/policy: \d/]],
}

describe('the checks', () => {
  for (const [name, [files, says]] of Object.entries(FAULTS)) {
    it(`\`${name}\` lets a sound project through, and fails on each planted fault`, () => {
      const command = commandOf(name)
      assert.equal(complaint(command), undefined)
      for (const [file, text] of Object.entries(files)) write(file, text)
      const text = complaint(command) ?? 'it did not fail'
      for (const file of Object.keys(files)) rmSync(join(PROJECT, file))
      for (const [file, sound] of Object.entries(SOUND)) write(file, sound)
      for (const expression of says) assert.match(text, expression)
    })
  }
})
