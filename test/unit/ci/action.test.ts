/** The GitHub Action around `kernelseal lint`: its step is run as a runner does, and the problem matcher reads the output. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { load } from 'js-yaml'

const ACTION = join(import.meta.dirname, '../../../.github/actions/lint')
const read = (name: string) => readFileSync(join(ACTION, name), 'utf8')
const [matcher] = JSON.parse(read('problem-matcher.json')).problemMatcher
const [pattern] = matcher.pattern
const directory = mkdtempSync(join(tmpdir(), 'kernelseal-action-'))
after(() => rmSync(directory, { recursive: true }))

mkdirSync(join(directory, 'below'))
const GOOD = `kind: Pod
metadata:
  name: good
  annotations: { secret.kernelseal.io/TOKEN: secret/api/token }
spec: { containers: [{ name: a, image: b }] }
`
writeFileSync(join(directory, 'good.yaml'), GOOD)
writeFileSync(join(directory, 'below/bad.yaml'), GOOD.replace('secret/api/token', 'hunter2'))

/** The step with its inputs, and the annotations that the matcher makes of its output. */
function step(inputs: Readonly<Record<string, string>>) {
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}`, ...inputs }
  const { status, stdout, stderr } = spawnSync(join(ACTION, 'lint'), { cwd: directory, encoding: 'utf8', env })
  const found = stdout.split('\n').flatMap((line) => {
    const match = new RegExp(pattern.regexp).exec(line)
    if (!match) return []
    const part = (name: string) => match[pattern[name]]
    return [`${part('severity')} ${part('file')} ${part('line')} ${part('column')}`]
  })
  return { status, stdout, stderr, found }
}

describe('the action', () => {
  it('marks a mistake at its line, and fails', () => {
    const { status, stdout, found } = step({ FILES: '.' })
    assert.equal(status, 1, stdout)
    assert.deepEqual(found, ['error below/bad.yaml 4 18'])
    assert.match(
      stdout,
      /^::add-matcher::.*problem-matcher\.json\n(.*\n)*2 Pods, 0 Secrets in 2 files: 1 error, 0 warnings\n::remove-matcher owner=kernelseal::\n$/,
    )
  })

  it('marks nothing in good manifests, and succeeds', () => {
    const { status, stdout, found } = step({ FILES: 'good.yaml' })
    assert.deepEqual([status, found], [0, []], stdout)
  })

  it('passes options on, and writes SARIF beside', () => {
    const sarif = join(directory, 'out.sarif')
    const { status } = step({ FILES: '.', OPTIONS: '--strict --kubernetes 1.28', SARIF: sarif })
    assert.equal(status, 1)
    assert.equal(JSON.parse(readFileSync(sarif, 'utf8')).runs[0].results.length, 1)
  })

  it('fails with the cause where a file cannot be read', () => {
    const { status, stderr } = step({ FILES: 'nowhere' })
    assert.equal(status, 2)
    assert.match(stderr, /cannot read `nowhere`/)
  })

  it('hands its inputs over as variables, never into the script', () => {
    const { inputs, runs } = load(read('action.yml')) as {
      inputs: Record<string, unknown>
      runs: { steps: { run?: string; env?: Record<string, string> }[] }
    }
    const own = runs.steps.find(({ run }) => run !== undefined)
    assert.doesNotMatch(own?.run ?? '${{', /\$\{\{/)
    assert.deepEqual(
      Object.values(own?.env ?? {}),
      Object.keys(inputs).map((name) => `\${{ inputs.${name} }}`),
    )
  })
})
