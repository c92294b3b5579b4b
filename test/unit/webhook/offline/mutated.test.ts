/**
 * Manifests that people have, with faults that people make: cut, shifted, repeated, with values of other kinds. Every command answers,
 * or names the file that it cannot read; documents that are not ours come out byte by byte. OFFLINE_RUNS of each kind.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { dump, loadAll } from 'js-yaml'
import { surroundingsOf } from '../../../../agent/cli/manifests.ts'
import { ConfigError } from '../../../../agent/policy/text/problems.ts'
import { visible } from '../../../../agent/policy/text/suggest.ts'
import { joined } from '../../../../webhook/offline/document-texts.ts'
import { type ManifestFile, printFile, readManifests } from '../../../../webhook/offline/documents.ts'
import { explain, explanationText } from '../../../../webhook/offline/explain.ts'
import { decideManifests, injectFile, rewritePods } from '../../../../webhook/offline/inject-manifests.ts'
import { locate } from '../../../../webhook/offline/lint/coordinates.ts'
import { lintManifests } from '../../../../webhook/offline/lint/lint.ts'
import { countOf, githubReport, jsonReport, textReport } from '../../../../webhook/offline/lint/report.ts'
import { sarifReport } from '../../../../webhook/offline/lint/sarif.ts'
import { uninjectPod } from '../../../../webhook/offline/uninject-pod.ts'

const RUNS = Number(process.env.OFFLINE_RUNS ?? 100)
const MANIFESTS = fileURLToPath(new URL('../../../fixtures/manifests/', import.meta.url))
const TEXTS = readdirSync(MANIFESTS).map((name) => readFileSync(MANIFESTS + name, 'utf8'))

/** Beside them in each file: nothing of it is ours, and no writer would write it in this form. */
const STRANGER = `---\nkind:   ConfigMap   # of another team\nmetadata: {name: c,  labels: {on: yes}}\ndata:\n  mode: 0644\n  text: |\n    --- not a document\n`

/** All commands on one file. @returns false where it is refused as no YAML */
function runAll(text: string): boolean {
  const file = read(text)
  if (file === undefined) return false
  const surroundings = surroundingsOf([file], {})
  const decided = decideManifests([file], surroundings)
  const findings = locate([file], lintManifests([file], decided))
  const count = countOf({ pods: decided.length, secrets: 0, files: 1 }, findings)
  for (const report of [textReport, githubReport]) assert.equal(typeof report(findings, count), 'string')
  assert.equal(JSON.parse(jsonReport(findings)).length, findings.length)
  assert.ok(JSON.parse(sarifReport(findings, '1')))
  for (const one of decided)
    assert.ok(explanationText(explain(one, surroundings.cluster)).includes(visible(one.place.title)))
  const injected = injectFile(file, surroundings)
  assertStranger(file, injected)
  assertStranger(
    file,
    injected.map((object) => rewritePods(object, ({ pod }) => uninjectPod(pod))),
  )
  return true
}

function read(text: string): ManifestFile | undefined {
  try {
    return readManifests(text, 'a.yaml')
  } catch (error) {
    assert.ok(error instanceof ConfigError, String((error as Error).stack))
    assert.match(error.message, /^a\.yaml/)
    return undefined
  }
}

/** Files that were read, and of those the ones of which pieces were compared with the output. */
let readable = 0
let compared = 0

/** Untouched objects are written as they stood in the file. */
function assertStranger(file: ManifestFile, objects: readonly unknown[]): void {
  const output = joined(printFile(file, objects))
  readable++
  if (isRewritten(file)) return
  compared++
  const isUnchanged = objects.every((object, index) => object === file.objects[index])
  if (file.text.endsWith(STRANGER)) assert.ok(output.endsWith(STRANGER), output.slice(-300))
  if (isUnchanged) assert.equal(output, file.text)
}

/** Documents that are parted otherwise than by lines of dashes are written anew, which pass-through.test.ts has. */
const isRewritten = (file: ManifestFile): boolean => joined(printFile(file, file.objects)) !== file.text

const text = fc.constantFrom(...TEXTS)
const place = fc.nat({ max: 1_000_000 })

const FAULTS: Readonly<Record<string, (lines: string[], at: number, other: number) => string[]>> = {
  'a line missing': (lines, at) => lines.toSpliced(at, 1),
  'a line twice': (lines, at) => lines.toSpliced(at, 0, lines[at] ?? ''),
  'two lines exchanged': (lines, at, other) => lines.with(at, lines[other] ?? '').with(other, lines[at] ?? ''),
  'a line moved to the right': (lines, at) => lines.with(at, `  ${lines[at]}`),
  'a line moved to the left': (lines, at) => lines.with(at, (lines[at] ?? '').replace(/^ {1,2}/, '')),
  'a tab for its indentation': (lines, at) => lines.with(at, (lines[at] ?? '').replace(/^ +/, '\t')),
  'the rest cut off': (lines, at) => lines.slice(0, at),
  'a value cut off': (lines, at) => lines.with(at, (lines[at] ?? '').replace(/:.*/, ':')),
  'quotes not closed': (lines, at) => lines.with(at, (lines[at] ?? '').replace(/: /, ': "')),
}

const ODD: readonly unknown[] = [
  null,
  '',
  'text',
  0,
  -1,
  1e300,
  true,
  [],
  {},
  [null],
  [[]],
  { name: null },
  '\u0000\u{1f600}',
  '$(A)$$(B)',
  'true',
  '__proto__',
]

interface Spot {
  readonly holder: Record<string, unknown>
  readonly key: string
}

function spotsIn(value: unknown): Spot[] {
  if (typeof value !== 'object' || value === null) return []
  const holder = value as Record<string, unknown>
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...spotsIn(holder[key])])
}

describe('a manifest with a fault', () => {
  it('is a real one before the fault, and all commands take it', () => {
    for (const whole of TEXTS) assert.ok(runAll(whole))
  })

  for (const [fault, change] of Object.entries(FAULTS)) {
    it(`(${fault}) is answered by every command, or refused with its name`, () => {
      fc.assert(
        fc.property(text, place, place, (whole, at, other) => {
          const lines = whole.split('\n')
          runAll(
            `${change(lines, at % lines.length, other % lines.length)
              .join('\n')
              .trimEnd()}\n${STRANGER}`,
          )
        }),
        { numRuns: RUNS },
      )
    })
  }

  it('(values of other kinds) is answered by every command', () => {
    fc.assert(
      fc.property(
        text,
        fc.array(fc.tuple(place, fc.constantFrom(...ODD)), { minLength: 1, maxLength: 4 }),
        (whole, odd) => {
          const objects = loadAll(whole) as unknown[]
          for (const [at, value] of odd) {
            const spots = spotsIn(objects)
            const spot = spots[at % spots.length]
            if (spot !== undefined) spot.holder[spot.key] = structuredClone(value)
          }
          const changed = objects.map((object) => dump(object, { noRefs: true })).join('---\n')
          assert.ok(runAll(`${changed}${STRANGER}`))
        },
      ),
      { numRuns: RUNS * 3 },
    )
  })

  it('comes out byte by byte beside ours, in nearly all of them', () =>
    assert.ok(compared > readable * 0.9, `${compared} of ${readable}`))
})
