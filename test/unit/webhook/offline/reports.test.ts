import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { Ajv } from 'ajv'
import { readManifests } from '../../../../webhook/offline/documents.ts'
import { decideManifests } from '../../../../webhook/offline/inject-manifests.ts'
import { type Located, locate } from '../../../../webhook/offline/lint/coordinates.ts'
import { lintManifests } from '../../../../webhook/offline/lint/lint.ts'
import { githubReport, textReport } from '../../../../webhook/offline/lint/report.ts'
import { sarifReport } from '../../../../webhook/offline/lint/sarif.ts'
import { offlineCluster } from '../../../../webhook/offline/offline-cluster.ts'
import { SETTINGS } from '../fixtures.ts'

const FIXTURES = new URL('../../../fixtures/', import.meta.url)

function linted(text: string, where = 'w.yaml'): Located[] {
  const file = readManifests(text, where)
  const around = { settings: SETTINGS, cluster: offlineCluster(file.objects, 'enforce', 34), namespace: undefined }
  return locate([file], lintManifests([file], decideManifests([file], around)))
}

/** `line:column word`, the word being the one that stands there in the file. */
const placesIn = (text: string): string[] =>
  linted(text).map(({ line, column }) => {
    const rest = text.split('\n')[line - 1]?.slice(column - 1) ?? ''
    return `${line}:${column} ${/^[^\s:"'{}]*/.exec(rest)?.[0]}`
  })

const pod = (annotations: string, name = 'p') =>
  `kind: Pod\nmetadata:\n  name: ${name}\n  annotations:\n${annotations}spec:\n  containers: [{ name: a, image: b }]\n`
const GOOD = pod('    secret.kernelseal.io/T: secret/a/b\n', 'good')

describe('a finding stands where the mistake is', () => {
  it('in the third document, after comments and empty ones', () => {
    const text = `# first\n---\n# nothing\n---\n${GOOD}---\n${pod('    secret.kernelseal.io/T: hunter2\n')}`
    assert.deepEqual(placesIn(text), ['17:5 secret.kernelseal.io/T'])
  })

  it('on the very line inside an annotation of several, each problem for itself', () => {
    const bindings =
      '      - name: a\n        selector: { binry: /x }\n        secretRefs:\n          - { name: T, sorce: 1 }\n'
    const text = pod(`    kernelseal.io/bindings: |\n${bindings}`)
    assert.deepEqual(placesIn(text), ['7:21 binry', '9:11 -', '9:11 -'])
    for (const { text } of linted(pod(`    kernelseal.io/bindings: |\n${bindings}`)))
      assert.doesNotMatch(text, /\(line/)
  })

  it('at the key of an annotation in quotes, whose lines are not those of the file', () => {
    const text = pod(`    kernelseal.io/bindings: "- name: a\\n  secretRefs: [{ name: T, sorce: 1 }]"\n`)
    assert.deepEqual(new Set(placesIn(text)), new Set(['5:5 kernelseal.io/bindings']))
  })

  it('inside a List, and in JSON', () => {
    const items = [GOOD, pod('    secret.kernelseal.io/T: hunter2\n')].map((one) => readManifests(one, '').objects[0])
    const text = JSON.stringify({ kind: 'List', items }, null, 1)
    assert.deepEqual(
      placesIn(text).map((place) => place.split(' ')[1]),
      ['secret.kernelseal.io/T'],
    )
    assert.equal(linted(text)[0]?.line, text.split('\n').findIndex((line) => line.includes('hunter2')) + 1)
  })

  it('on the workload for an annotation there, and in the template for its own', () => {
    const template = pod('    kernelseal.io/mod: audit\n').replace('kind: Pod\n', '').replace(/^/gm, '    ')
    const text = `kind: Deployment\nmetadata:\n  name: w\n  annotations:\n    kernelseal.io/mode: audit\nspec:\n  template:\n${template}`
    const found = linted(text).map(({ line, text }) => `${line} ${/kernelseal\.io\/\w+/.exec(text)?.[0]}`)
    assert.ok(found.includes('5 kernelseal.io/mode'), found.join(', '))
    assert.ok(found.includes('11 kernelseal.io/mod'), found.join(', '))
  })

  it('at the member of the spec that is named, or at the object’s name', () => {
    const named = GOOD.replace('spec:\n', 'spec:\n  hostPID: true\n')
    assert.ok(placesIn(named).includes('7:3 hostPID'), placesIn(named).join(', '))
  })
})

describe('SARIF', () => {
  // Draft 4 differs in the name of `id`, and in nothing else that this schema uses.
  const { $schema, id, ...schema } = JSON.parse(
    readFileSync(new URL('sarif/sarif-2.1.0.schema.json', FIXTURES), 'utf8'),
  )
  const validate = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false, logger: false }).compile(
    schema,
  )
  assert.deepEqual([$schema, typeof id], ['http://json-schema.org/draft-04/schema#', 'string'])
  const errorsOf = (text: string) => (validate(JSON.parse(text)) ? [] : validate.errors)

  it('of every fixture is valid by the schema of OASIS', () => {
    const PODS = new URL('pods/', FIXTURES)
    const names = readdirSync(PODS).filter((name) => name.endsWith('.yaml'))
    const found = names.flatMap((name) => linted(readFileSync(new URL(name, PODS), 'utf8'), `a b/${name}`))
    assert.ok(found.length > 30, `${found.length}`)
    const text = sarifReport([...found, { ...found[0]!, object: '', where: '/etc/kernelseal/config.yaml' }], '1.2.3')
    assert.deepEqual(errorsOf(text), [])
    const results = JSON.parse(text).runs[0].results
    assert.equal(results[0].locations[0].physicalLocation.artifactLocation.uri, `a%20b/${found[0]?.where.slice(4)}`)
    assert.equal(results.at(-1).ruleId, 'config')
  })

  it('is refused by that schema once it is wrong: the check can fail', () => {
    const text = sarifReport([{ severity: 'error', where: 'a', object: 'b', text: 'c', line: 1, column: 1 }], '1.2.3')
    assert.deepEqual(errorsOf(text), [])
    assert.notDeepEqual(errorsOf(text.replace('"error"', '"fatal"')), [])
    assert.notDeepEqual(errorsOf(text.replace('"startLine": 1', '"startLine": 0')), [])
  })
})

describe('a text from a manifest', () => {
  const hostile: Located = {
    ...{ severity: 'error', where: 'a,b:c.yaml', object: 'Pod x', line: 1, column: 2 },
    text: '100%\n::set-output name=x::y\x1b[2J',
  }

  it('cannot begin a command of its own for a runner', () => {
    const [first, count, ...more] = githubReport([hostile], 'COUNT').split('\n')
    assert.equal(
      first,
      '::error file=a%2Cb%3Ac.yaml,line=1,col=2,title=KernelSeal::Pod x: 100%25%0A::set-output name=x::y\x1b[2J',
    )
    assert.deepEqual([count, more], ['COUNT', ['']])
  })

  it('is one visible line of text', () => {
    assert.equal(
      textReport([hostile], 'COUNT'),
      'a,b:c.yaml:1:2: error: Pod x: 100%; ::set-output name=x::y\\u{1b}[2J\nCOUNT\n',
    )
  })
})
