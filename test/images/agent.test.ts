/** The agent's image: the parts without a kernel of ours here, the sidecar in a virtual machine (see sidecar.ts). */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { wrongInBill } from '../support/cyclonedx.ts'
import { type BuiltImage, build, run } from './built.ts'
import { filesIn, REPOSITORY, read } from './files.ts'

let image: BuiltImage
before(() => {
  image = build('agent')
})
after(() => image?.remove())

const VERSION = JSON.parse(read('agent/package.json')).version

describe('the image of the agent', () => {
  it('says its version', () => {
    const { stdout } = run(image, ['--version'])
    assert.ok(stdout.startsWith(`kernelseal ${VERSION}, Node v`), stdout)
    assert.equal(image.config.Labels['org.opencontainers.image.version'], VERSION)
  })

  it('explains the gaps of a node, and does not call it fine', () => {
    const { status, stdout } = run(image, ['doctor'])
    assert.equal(status, 1, stdout)
    assert.match(stdout, /This node cannot enforce/)
  })

  it('does the webhook’s work offline', () => {
    const { status, stdout } = run(image, ['explain', '--help'])
    assert.equal(status, 0, stdout)
    assert.match(stdout, /usage: kernelseal explain/)
    assert.equal(run(image, ['lint', '-f', '/nothing-there']).status, 2)
  })

  it('runs as the sidecar with the capabilities that the webhook gives it, and delivers', () => {
    const share = ['--share', image.folder, '--env', `IMAGE=/share/${basename(image.folder)}`, '--timeout', '500']
    const guest = ['node', '--test', '--test-reporter=spec', 'test/images/sidecar.ts']
    const vm = join(REPOSITORY, 'scripts/vm')
    const { status, stdout, stderr } = spawnSync(vm, [...share, '--', ...guest], { encoding: 'utf8' })
    assert.equal(status, 0, stdout + stderr)
    assert.match(stdout, /pass 3\b/)
  })

  it('has no shell, no package manager and no server of the webhook', () => {
    assert.deepEqual(readdirSync(join(image.rootfs, 'usr/local/bin')), ['kernelseal', 'node'])
    assert.deepEqual(readdirSync(join(image.rootfs, 'usr/bin')), [])
    const modules = readdirSync(join(image.rootfs, 'opt/kernelseal/node_modules'))
    assert.ok(modules.includes('koffi'))
    assert.deepEqual(
      modules.filter((name) => /fastify|kubernetes|forge/.test(name)),
      [],
    )
  })

  it('has a bill of materials with every package that is in it', () => {
    const sbom = spawnSync(join(REPOSITORY, 'scripts/images'), ['sbom', 'agent'], { encoding: 'utf8' })
    const bill = JSON.parse(sbom.stdout)
    assert.deepEqual(wrongInBill(bill), [])
    const names = bill.components.map(({ name }: { name: string }) => name)
    for (const name of ['koffi', 'js-yaml', 'pino', 'prom-client', 'libbpf1', 'libc6', 'node']) {
      assert.ok(names.includes(name), name)
    }
    // A scanner finds a licence by its SPDX id alone; the schema also takes a name.
    const yaml = bill.components.find(({ name }: { name: string }) => name === 'js-yaml')
    assert.deepEqual(yaml.licenses, [{ license: { id: 'MIT' } }])
    const packages = filesIn(join(image.rootfs, 'opt/kernelseal/node_modules'))
    const folders = packages.filter((file) => /^(@[^/]+\/)?[^/]+\/package\.json$/.test(file))
    assert.equal(names.length, folders.length + readdirSync(join(image.rootfs, 'var/lib/dpkg/status.d')).length + 1)
  })
})
