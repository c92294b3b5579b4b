import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { SHELLS } from '../../../agent/options/completion/program.ts'
import { called, pathOf } from './shell.ts'

const ROOT = join(import.meta.dirname, '../../..')
const directory = mkdtempSync(join(tmpdir(), 'kernelseal-completion-'))
after(() => rmSync(directory, { recursive: true }))
writeFileSync(join(directory, 'manifest.yaml'), '')
mkdirSync(join(directory, 'folder'))

function scriptOf(main: string, shell: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, main), 'completion', shell], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  return stdout
}

const NOTHING = ['nothing-like-it', 'nothing-like-it'] as const

/** What is typed, with a tab at the end, and the words the program is called with. */
const AGENT = [
  ['inj', 'inject'],
  ['help uninj', 'help uninject'],
  ['completion fi', 'completion fish'],
  ['lint --stri', 'lint --strict'],
  ['explain -f mani', 'explain -f manifest.yaml'],
  ['explain --filename mani', 'explain --filename manifest.yaml'],
  ['inject --mode enf', 'inject --mode enforce'],
  ['inject --mode=enf', 'inject --mode=enforce'],
  ['run --file-root fol', 'run --file-root folder'],
  ['exec -- ./mani', 'exec -- ./manifest.yaml'],
  NOTHING,
] as const
const WEBHOOK = [
  ['vers', 'version'],
  ['--agent-ima', '--agent-image'],
  ['--log-level war', '--log-level warn'],
  ['--cert-file mani', '--cert-file manifest.yaml'],
  NOTHING,
] as const

for (const shell of SHELLS) {
  const skip = pathOf(shell) === undefined && `\`${shell}\` is not installed (scripts/setup installs it)`
  for (const [program, main, cases] of [
    ['kernelseal', 'agent/main.ts', AGENT],
    ['kernelseal-webhook', 'webhook/main.ts', WEBHOOK],
  ] as const) {
    describe(`completion of ${program} in ${shell}`, { skip }, () => {
      it('completes commands, options and values, and changes nothing where nothing fits', () => {
        const typed = cases.map(([start]) => `${program} ${start}\t`)
        const { calls, output } = called(shell, program, scriptOf(main, shell), typed, directory)
        assert.deepEqual(
          calls.map((words) => words.replace(/[=/]$/, '')),
          cases.map(([, words]) => words),
          output,
        )
      })
    })
  }
}
