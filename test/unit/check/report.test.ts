import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fail, type Line, linesOf, ok, unknown, warn } from '../../../agent/check/line.ts'
import { checkReport } from '../../../agent/check/report.ts'
import { temporaryFolder } from '../temporary.ts'

const ROOT = join(import.meta.dirname, '../../..')

describe('the report of a check', () => {
  it('has a line a subject, the cure beside it or below, and counts subjects', () => {
    const lines: Line[] = [
      { what: 'cluster', ...ok('Kubernetes v1.36.3') },
      { what: 'pods', ...fail('shop/a: has no agent', 'kubectl delete pod a') },
      { what: 'pods', ...fail('shop/b: has no agent', `kubectl ${'x'.repeat(100)}`) },
      { what: 'nodes', ...unknown('not known of n') },
      { what: 'images', ...warn('old', 'new') },
    ]
    assert.equal(
      checkReport(lines),
      [
        'cluster     ok   Kubernetes v1.36.3',
        'pods        FAIL shop/a: has no agent  fix: kubectl delete pod a',
        'pods        FAIL shop/b: has no agent',
        `                 fix: kubectl ${'x'.repeat(100)}`,
        'nodes       ??   not known of n',
        'images      warn old  fix: new',
        '1 of 4 has to be put right, 1 to look at, 1 not known.',
        '',
      ].join('\n'),
    )
    const two = [lines[1]!, { what: 'nodes', ...fail('n', 'x') }] as const
    assert.match(checkReport(two), /^2 of 2 have to be put right\.$/m)
    assert.match(checkReport([{ what: 'nodes', ...ok('1 of 1') }]), /^Nothing has to be put right\.$/m)
  })

  it("lets no words of a server through to the terminal's commands", () => {
    assert.match(checkReport([{ what: 'pods', ...ok('a\u001b[2Jb\nc\u202ed') }]), /^pods {8}ok {3}a \[2Jb c d$/m)
  })

  it('names eight faults of a subject, the worst first, and counts the rest', () => {
    const faults = [warn('w', 'x'), ...Array.from({ length: 10 }, (_, n) => fail(`${n}`, 'x'))]
    const lines = linesOf('pods', faults, () => ok(''))
    assert.deepEqual([lines.length, lines[0]?.found, lines[8]?.found], [9, '0', 'and 3 more like these'])
    assert.deepEqual(
      linesOf('pods', [], () => ok('good')),
      [{ what: 'pods', state: 'ok', found: 'good' }],
    )
  })
})

describe('where the client for clusters is missing, as in an image', () => {
  const place = temporaryFolder('image')
  // The folders that Dockerfile.agent copies.
  const dockerfile = readFileSync(join(ROOT, 'Dockerfile.agent'), 'utf8')
  const copied = [...dockerfile.matchAll(/^COPY (webhook\/\w+|agent) \1$/gm)].map(([, folder = '']) => folder)
  for (const folder of copied) cpSync(join(ROOT, folder), join(place, folder), { recursive: true })
  mkdirSync(join(place, 'webhook'), { recursive: true })
  for (const file of ['package.json', 'webhook/package.json']) cpSync(join(ROOT, file), join(place, file))
  symlinkSync(join(ROOT, 'node_modules'), join(place, 'node_modules'))
  const kernelseal = (...args: string[]) =>
    spawnSync(process.execPath, [join(place, 'agent/main.ts'), ...args], { encoding: 'utf8' })

  it('`check` and `explain pod` say where to run them, with status 2', () => {
    assert.ok(copied.includes('agent') && copied.includes('webhook/offline'))
    for (const args of [['check'], ['explain', 'pod', 'web']]) {
      const { status, stdout, stderr } = kernelseal(...args)
      assert.deepEqual([status, stdout], [2, ''], stderr)
      assert.match(stderr, /^kernelseal: images do not hold the client for clusters: run this command from a checkout/)
    }
  })

  it('all other commands are as ever', () => {
    assert.match(kernelseal('help').stdout, /^ {2}check {6}/m)
    assert.equal(kernelseal('explain', '-f', join(ROOT, 'deploy/examples/one-secret.yaml')).status, 0)
  })
})
