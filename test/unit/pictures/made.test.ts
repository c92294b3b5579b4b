/** The files of a run: pictures and captions that agree with what is kept, and no value of a secret in them. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { hasPassword, newPassword } from '../../../scripts/demo.d/password.ts'
import { readDashboard } from '../../../scripts/pictures.d/dashboard.ts'
import { drawTerminal } from '../../../scripts/pictures.d/draw/terminal.ts'
import { excerptOf } from '../../../scripts/pictures.d/excerpt.ts'
import { KEPT, madeFiles } from '../../../scripts/pictures.d/made.ts'
import { PAGES, withPicture } from '../../../scripts/pictures.d/pages.ts'
import type { Run } from '../../../scripts/pictures.d/run.ts'
import { runOf } from './run.ts'

const ROOT = join(import.meta.dirname, '../../..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const dashboard = readDashboard()

const OUTPUT = `==> Booting
==> The Pod with kernelseal.io/mode: enforce
    [INJECT] Secrets injected into PID 667: [PGPASSWORD]
ROW  ATTEMPT  disabled  enforce
1    one      READ      EPERM
1    two      READ      EPERM
1    three    READ      EPERM
1    four     READ      EPERM
1    five     READ      EPERM
2    other    READ      EPERM

    OK: the application had its secret
`

describe('the picture of the demo', () => {
  it('begins with the protected Pod, and marks the rows it leaves out', () => {
    const lines = excerptOf(OUTPUT, 'scripts/demo')
    assert.deepEqual(lines.slice(0, 3), ['$ scripts/demo', '…', '==> The Pod with kernelseal.io/mode: enforce'])
    assert.deepEqual(lines.slice(-5), [
      '1    three    READ      EPERM',
      '     … 2 more of row 1',
      '2    other    READ      EPERM',
      '',
      '    OK: the application had its secret',
    ])
  })

  it('is made of no demo that failed', () => {
    assert.throws(() => excerptOf(OUTPUT.replace('OK:', 'FAILED:'), 'scripts/demo'), /ended well/)
  })

  it('shows every word of a line that is too long', () => {
    const words = Array.from({ length: 60 }, (_, i) => `word${i}`)
    const svg = drawTerminal('x', [words.join(' ')])
    for (const word of words) assert.match(svg, new RegExp(`\\b${word}\\b`))
  })
})

describe('a page with a picture', () => {
  it('has the marks, and with them a link to the picture and its run', () => {
    for (const page of Object.keys(PAGES) as (keyof typeof PAGES)[]) {
      const written = withPicture(page, read(page), runOf(dashboard))
      const [, link = ''] = /\]\(([^)]+\.svg)\)/.exec(written) ?? assert.fail(page)
      assert.equal(join(page, '..', link), `docs/pictures/${PAGES[page]}.svg`)
      assert.match(written, /on Linux 6\.1 at 2026-01-02 03:04 UTC, commit abc1234/)
      assert.equal(withPicture(page, written, runOf(dashboard)), written)
    }
  })

  it('without the marks is refused', () => {
    assert.throws(() => withPicture('README.md', 'no marks', runOf(dashboard)), /README\.md has no lines/)
  })
})

describe('the files of a run', () => {
  it('are refused while the value of its secret is in one of them', () => {
    const password = newPassword()
    assert.ok(hasPassword(`x ${password} y`))
    assert.ok(madeFiles(dashboard, runOf(dashboard), OUTPUT, read).size > 2)
    const leaking = OUTPUT.replace('[PGPASSWORD]', password)
    assert.throws(() => madeFiles(dashboard, runOf(dashboard), leaking, read), /demo\.txt: nothing was written/)
    const labelled = JSON.parse(JSON.stringify(runOf(dashboard)).replace('way-7-A', password)) as Run
    assert.throws(() => madeFiles(dashboard, labelled, OUTPUT, read), /run\.json: nothing was written/)
  })

  const none = existsSync(join(ROOT, KEPT.run)) ? false : 'no run is kept yet: scripts/pictures makes one'
  it('that is kept are those in the docs', { skip: none }, () => {
    const made = madeFiles(dashboard, JSON.parse(read(KEPT.run)) as Run, read(KEPT.output), read)
    for (const [path, text] of made)
      assert.ok(read(path) === text, `${path} is not as its run makes it: scripts/pictures --redraw`)
  })
})
