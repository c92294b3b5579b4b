/** The workflows run nowhere but at the forge: here everything of ours that they name has to exist. */
import assert from 'node:assert/strict'
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { load } from 'js-yaml'

const ROOT = join(import.meta.dirname, '../../..')
const FOLDER = join(ROOT, '.github/workflows')
const VERBS = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts

interface Step {
  readonly run?: string
  readonly uses?: string
}
interface Job {
  readonly 'timeout-minutes'?: number
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly string[]>> }
  readonly steps: readonly Step[]
}
interface Workflow {
  readonly permissions: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, Job>>
}

const all = readdirSync(FOLDER).map((name) => {
  const text = readFileSync(join(FOLDER, name), 'utf8')
  return { name, text, workflow: load(text) as Workflow }
})

for (const { name, text, workflow } of all) {
  describe(`the workflow ${name}`, () => {
    const jobs = Object.values(workflow.jobs)
    const steps = jobs.flatMap((job) => job.steps)
    const runs = steps.flatMap(({ run }) => (run === undefined ? [] : [run]))

    it('has steps, each of which runs or uses something', () => {
      assert.ok(steps.length > 0)
      for (const step of steps) assert.ok((step.run === undefined) !== (step.uses === undefined), JSON.stringify(step))
    })

    it('calls scripts that exist and can be executed', () => {
      for (const [script] of runs.join('\n').matchAll(/\bscripts\/[\w-]+/g)) {
        accessSync(join(ROOT, script), constants.X_OK)
      }
    })

    it('calls npm verbs that exist', () => {
      for (const [, verb = ''] of runs.join('\n').matchAll(/npm run (?:--\S+ )*([\w:]+)/g)) assert.ok(VERBS[verb], verb)
    })

    it('keeps logic in scripts: a step is one line', () => {
      for (const run of runs) assert.ok(!run.trim().includes('\n'), run)
    })

    it('names a version of every action', () => {
      for (const { uses } of steps) if (uses) assert.match(uses, /^[\w-]+\/[\w./-]+@(v[0-9]+(\.[0-9]+)*|[0-9a-f]{40})$/)
    })

    it('may read, and write only where a job says so', () => {
      assert.deepEqual(workflow.permissions, { contents: 'read' })
    })

    it('is triggered by something', () => assert.match(text, /^on:\n {2}\S/m))
  })
}

describe('the workflows together', () => {
  const runs = all.flatMap(({ workflow }) => Object.values(workflow.jobs).flatMap(({ steps }) => steps))
  const called = (what: string) => runs.some(({ run }) => run?.startsWith(what))

  it('run everything that proves something', () => {
    for (const script of [
      'scripts/test',
      'scripts/test-kernels',
      'scripts/test-counts',
      'scripts/test-cluster',
      'npm run test:images',
    ]) {
      assert.ok(called(script), script)
    }
  })

  it('try every kernel that scripts/test-kernels knows', () => {
    const script = readFileSync(join(ROOT, 'scripts/test-kernels'), 'utf8')
    const kernels = /^KERNELS=\((.*)\)$/m.exec(script)?.[1]?.split(' ')
    const kernelJob = all.find(({ name }) => name === 'kernels.yml')?.workflow.jobs.kernels
    assert.deepEqual(kernelJob?.strategy?.matrix.kernel, kernels)
  })

  it('lint every Dockerfile there is', () => {
    const names = readdirSync(ROOT).flatMap((file) => /^Dockerfile\.(\w+)$/.exec(file)?.[1] ?? [])
    const job = all.find(({ name }) => name === 'security.yml')?.workflow.jobs.dockerfiles
    assert.deepEqual(job?.strategy?.matrix.name, names.sort())
  })

  it('leave updates to a configuration that names existing folders', () => {
    const { updates } = load(readFileSync(join(ROOT, '.github/dependabot.yml'), 'utf8')) as {
      updates: { directory: string }[]
    }
    assert.equal(updates.length, 3)
    for (const { directory } of updates) assert.ok(existsSync(join(ROOT, directory)))
  })
})
