import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readManifests } from '../../../../webhook/offline/documents.ts'
import { kernelseal } from '../../../support/agent/in-process.ts'

const MAIN = fileURLToPath(new URL('../../../../agent/main.ts', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'kernelseal-cli-'))
after(() => rmSync(directory, { recursive: true }))

const POD = `kind: Pod
metadata:
  name: app
  annotations: { secret.kernelseal.io/TOKEN: secret/api/token, kernelseal.io/mod: audit }
spec:
  containers: [{ name: app, image: 'a:1' }]
`
const SERVICE = 'kind: Service\nmetadata: { name: s }\n'

/** A process, for those that read standard input. */
function piped(input: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { input, encoding: 'utf8' })
  return { status, stdout, stderr }
}

function file(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

describe('kernelseal inject', () => {
  it('writes the webhook’s result, warnings beside it, and uninject undoes it', () => {
    const { status, stdout, stderr } = piped(
      `${SERVICE}---\n${POD}`,
      ...['inject', '-f', '-', '--agent-image', 'agent:7'],
    )
    assert.equal(status, 0, stderr)
    assert.match(
      stderr,
      /^kernelseal: standard input: Pod app: warning: kernelseal.io\/mod: .*did you mean `kernelseal.io\/mode`\?\)\n$/,
    )
    assert.match(stdout, /^kind: Service\n.*---\nkind: Pod\n.*image: agent:7\n/s)
    const back = piped(stdout, 'uninject', '-f', '-', '-o', 'json')
    const items = readManifests(`${SERVICE}---\n${POD}`, '').objects
    assert.deepEqual(JSON.parse(back.stdout), { apiVersion: 'v1', kind: 'List', items })
  })

  it('writes nothing when one of several Pods is refused, and ends with status 1', async () => {
    const refused = POD.replace('spec:', 'spec:\n  hostPID: true')
    const { status, stdout, stderr } = await kernelseal(
      'inject',
      '-f',
      file('a.yaml', POD),
      '-f',
      file('b.yaml', refused),
    )
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(stderr, /b\.yaml: Pod app: KernelSeal: `spec.hostPID` is set/)
  })

  for (const [what, args, message] of [
    ['no file', ['inject'], /give -f FILE/],
    [
      'a file that is not there',
      ['lint', '-f', '/nowhere.yaml'],
      /cannot read `\/nowhere.yaml`: there is no such file/,
    ],
    ['broken YAML', ['explain', '-f', '-'], /standard input:2: is not valid YAML/],
    [
      'a version that is none',
      ['inject', '-f', file('c.yaml', POD), '--kubernetes', 'new'],
      /--kubernetes is a version/,
    ],
  ] as const) {
    it(`and its sisters end with status 2 for ${what}`, () => {
      const { status, stderr } = piped('a:\n\t- b', ...args)
      assert.equal(status, 2, stderr)
      assert.match(stderr, message)
    })
  }
})

describe('kernelseal lint', () => {
  it('tells warnings from errors by its status, and reads config files too', async () => {
    const pod = file('pod.yaml', POD)
    assert.deepEqual(
      [(await kernelseal('lint', '-f', pod)).status, (await kernelseal('lint', '-f', pod, '--strict')).status],
      [0, 1],
    )
    const config = file(
      'config.yaml',
      'version: v1\nsecrets:\n- name: a\n  selector: { binary: app }\n  secretRefs: [{ name: T, sorce: 1 }]\n',
    )
    const { status, stdout } = await kernelseal('lint', '-f', config)
    assert.equal(status, 1)
    assert.match(stdout, /config\.yaml:5:3: error: secrets\[0\].*an unknown key \(did you mean `source`/)
    assert.match(stdout, /config\.yaml:4:15: warning: .*matches any file of this name/)
  })
})

describe('kernelseal lint --json', () => {
  it('gives each finding with its place, and says that there is no Pod where there is none', async () => {
    const { stdout } = await kernelseal('lint', '-f', file('json.yaml', POD), '--json')
    const [finding] = JSON.parse(stdout)
    assert.deepEqual([finding.severity, finding.object], ['warning', 'Pod app'])
    assert.match(finding.text, /did you mean `kernelseal.io\/mode`/)
    assert.match(
      (await kernelseal('lint', '-f', file('service.yaml', SERVICE))).stderr,
      /there is no Pod and no Pod template/,
    )
  })

  it('finds each of two mistakes on a line of its own', async () => {
    const text = POD.replace('kernelseal.io/mod: audit', 'kernelseal.io/agent-cpu-limit: x, kernelseal.io/mode: never')
    const { status, stdout } = await kernelseal('lint', '-f', file('two.yaml', text))
    assert.equal(status, 1)
    assert.match(stdout, /^\S*two\.yaml:4:\d+: error: Pod app: kernelseal.io\/mode: is `never`.*$/m)
    assert.match(stdout, /^\S*two\.yaml:4:\d+: error: Pod app: kernelseal.io\/agent-cpu-limit: is `x`.*$/m)
  })
})

describe('kernelseal explain', () => {
  it('answers in words and as JSON', async () => {
    const pod = file('explained.yaml', POD)
    assert.match(
      (await kernelseal('explain', '-f', pod, '--kubernetes', '1.28')).stdout,
      /container `kernelseal-agent` comes first/,
    )
    const [explanation] = JSON.parse((await kernelseal('explain', '-f', pod, '--json')).stdout)
    assert.deepEqual([explanation.decision, explanation.reason], ['injected', 'injected'])
  })
})
