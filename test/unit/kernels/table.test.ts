import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attempts } from '../../../agent/attack/attempts/suite.ts'
import type { Verdict } from '../../../agent/attack/report/matrix.ts'
import {
  type AttackReport,
  type CellResult,
  faultsOf,
  type SweepOutcome,
} from '../../../scripts/test-kernels.d/result.ts'
import { ROWS, renderDocument } from '../../../scripts/test-kernels.d/table.ts'

const verdict = (kind: Verdict['kind'], why = ''): Verdict => ({ kind, why })
const attack: AttackReport = {
  tier: 'lsm',
  delivery: 'kernel',
  attempts: [
    {
      id: 'environ-pid',
      row: 1,
      title: '',
      verdicts: { root: verdict('refused'), 'uid:0': verdict('kernel', 'EACCES'), 'same-uid': verdict('refused') },
    },
    { id: 'kcore', row: 14, title: '', verdicts: { root: verdict('skipped', 'no such file') } },
  ],
  counts: { refused: 2, leaked: 0, kernel: 1, unproved: 0, skipped: 1 },
  exitStatus: 0,
}
const green: CellResult = {
  kernel: '6.1',
  config: 'lsm',
  release: '6.1.0-56-amd64',
  lsms: 'lockdown,capability,bpf',
  lockdown: '[none] integrity confidentiality\n',
  date: '2026-01-02',
  seconds: 200,
  attack,
  tests: { passed: 26, skipped: 0, failed: [] },
}

const tally = { family: 'system calls', steps: 400, taken: 30, calls: 4000 }
const sweep: SweepOutcome = {
  ...{ seed: 5, budgetSeconds: 240, attackers: ['root'], exitStatus: 0 },
  ways: { unprotected: ['file /proc/P/environ', 'call process_vm_readv'], sealed: [] },
  tried: { unprotected: [tally], sealed: [{ ...tally, taken: 31 }] },
}

test('the row of every attempt has a title', () => {
  for (const { id, row } of attempts) assert.ok(ROWS[row], `row ${row} of ${id}`)
})

test('a cell is green when the kernel is the configured one, everything passed and nothing leaked', () => {
  assert.deepEqual(faultsOf(green), [])
})

const broken: [what: string, change: Partial<CellResult>, fault: RegExp][] = [
  ['without bpf in lsm=', { lsms: 'lockdown,capability' }, /without `bpf`/],
  ['that should have no bpf', { config: 'fmod_ret' }, /with `bpf`/],
  ['that is locked down', { lockdown: 'none [integrity] confidentiality' }, /lockdown is/],
  ['that should be locked down', { config: 'locked' }, /lockdown is/],
  ['without tests', { tests: { passed: 0, skipped: 0, failed: [] } }, /no test passed/],
  ['with a failed test', { tests: { passed: 9, skipped: 0, failed: ['it scrubs'] } }, /failed: it scrubs/],
  ['whose suite did not run', { attack: { error: 'no root' } }, /did not run: no root/],
  ['with a leak', { attack: { ...attack, exitStatus: 1 } }, /0 leaked/],
  ['in the other refusal tier', { attack: { ...attack, tier: 'fmod_ret' } }, /refusal tier `fmod_ret`/],
  ['whose sweep did not run', { sweep: { error: 'no TMPDIR' } }, /sweep did not run: no TMPDIR/],
  ['whose sweep has no control', { sweep: { ...sweep, exitStatus: 2 } }, /its control found nothing/],
  [
    'whose sweep found a way',
    { sweep: { ...sweep, ways: { unprotected: [], sealed: ['call 450'] }, exitStatus: 1 } },
    /`call 450` shows a sealed target/,
  ],
  ['in the other delivery tier', { attack: { ...attack, delivery: 'stopped' } }, /delivery tier `stopped`/],
]

for (const [what, change, fault] of broken) {
  test(`a cell ${what} is not green`, () => {
    assert.match(faultsOf({ ...green, ...change }).join('\n'), fault)
  })
}

test('the sweep has a line a kernel, with the attempts and the ways that were found', () => {
  const document = renderDocument(['6.1'], [{ ...green, sweep }])
  assert.match(document, /\| 6\.1 \| root \| 5 \| 30 \(4000 calls\) \| 31 \(4000 calls\) \| 2 \| 0 \|/)
  assert.match(document, /Found without protection: `call process_vm_readv`, `file \/proc\/P\/environ`\./)
})

test('where no cell has swept the document does not speak of it', () => {
  assert.doesNotMatch(renderDocument(['6.1'], [green]), /sweep/)
})

test('a row whose attempts are all impossible has a dash, one without attempts nothing', () => {
  const line =
    renderDocument(['6.1'], [green])
      .split('\n')
      .find((text) => text.startsWith('| 6.1 ')) ?? ''
  const cells = line.split('|').map((cell) => cell.trim())
  assert.deepEqual([cells[2 + 1], cells[2 + 2], cells[2 + 14]], ['2/2', '', '-'])
})

test('the document counts per row the attempts that worked and were refused, and names the cells not run', () => {
  const document = renderDocument(['6.1', 'latest'], [green])
  assert.match(document, /^\| 6\.1 \| `bpf` in `lsm=` \| 2\/2 \| {2}\|/m)
  assert.match(document, /^\| latest \| without `bpf` \| not run \|/m)
  assert.match(document, /^- row 14, `kcore`, root: skipped, no such file: everywhere$/m)
  assert.match(
    document,
    /^\| 6\.1 \| .* 6\.1\.0-56-amd64 \| lsm \| kernel \| 26 passed, 0 failed \| 2026-01-02 \| green \|$/m,
  )
})

test('an unproved attempt shows in its row and below it', () => {
  const attempts = [
    { id: 'mem', row: 2, title: '', verdicts: { root: verdict('unproved', 'found nothing in 512 bytes') } },
  ]
  const result = { ...green, attack: { ...attack, attempts, exitStatus: 2 } }
  const document = renderDocument(['6.1'], [result])
  assert.match(document, /\*\*0\/1\*\*/)
  assert.match(document, /`mem`, root: unproved, found nothing in n bytes/)
  assert.match(document, /- 6\.1, lsm: attack: 0 leaked/)
})
