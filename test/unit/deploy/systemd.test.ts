import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { parseConfig } from '../../../agent/policy/parse.ts'
import { agentContainer } from '../../../webhook/mutate/sidecar/sidecar.ts'

const ROOT = join(import.meta.dirname, '../../..')
const FOLDER = join(ROOT, 'deploy/systemd')
const text = (unit: string) => readFileSync(join(FOLDER, unit), 'utf8')
const directory = mkdtempSync(join(tmpdir(), 'kernelseal-units-'))
after(() => rmSync(directory, { recursive: true }))

/** Values of a key of a unit file, which may stand more than once. */
const values = (unit: string, key: string): string[] =>
  [
    ...text(unit)
      .replaceAll('\\\n', '')
      .matchAll(new RegExp(`^${key}=(.*)$`, 'gm')),
  ].map(([, value = '']) => value)

const analyze = (args: readonly string[]) => spawnSync('systemd-analyze', args, { encoding: 'utf8' })
const hasSystemd = analyze(['--version']).status === 0

for (const unit of readdirSync(FOLDER)) {
  describe(`deploy/systemd/${unit}`, () => {
    it('is a unit that systemd understands', { skip: hasSystemd ? false : 'there is no systemd-analyze here' }, () => {
      const copy = join(directory, unit)
      // Programs have to exist: those this repository would install, and all others that can be run.
      const ours = text(unit).replaceAll('/usr/bin/kernelseal', join(ROOT, 'agent/kernelseal'))
      writeFileSync(copy, ours.replaceAll('/usr/bin/setpriv', '/usr/bin/env'))
      const { status, stderr } = analyze(['verify', '--man=no', copy])
      assert.deepEqual([status, stderr.split('\n').filter((line) => line.includes(unit))], [0, []])
    })

    it('starts commands of ours that exist, with options that they have', () => {
      for (const line of [...values(unit, 'ExecStart'), ...values(unit, 'ExecStartPost')]) {
        const [program, command = '', ...rest] = line.split(/\s+/)
        assert.equal(program, '/usr/bin/kernelseal')
        const help = spawnSync(process.execPath, [join(ROOT, 'agent/main.ts'), command, '--help'], { encoding: 'utf8' })
        assert.equal(help.status, 0, help.stderr)
        const options = rest.slice(0, rest.includes('--') ? rest.indexOf('--') : rest.length)
        for (const option of options.filter((word) => word.startsWith('--')))
          assert.ok(help.stdout.includes(option), option)
      }
    })
  })
}

describe('the agent’s unit', () => {
  it('is reloaded by systemd itself, since the agent takes no signal of others, and waits for the new state', () => {
    const [signal, wait] = values('kernelseal.service', 'ExecReload')
    assert.match(signal ?? '', /^\/usr\/bin\/systemctl kill .*--signal=HUP %n$/)
    assert.match(wait ?? '', /^\/usr\/bin\/kernelseal wait /)
  })

  it('allows exactly the capabilities of the sidecar', () => {
    const resources = { cpuRequest: '', cpuLimit: '', memoryRequest: '', memoryLimit: '' }
    const settings = { image: 'a', imagePullPolicy: 'Never', ...resources } as const
    const POD = { metadata: {}, spec: { containers: [] } }
    const container = agentContainer(parseConfig('version: v1', 'test').config, settings, {}, 'native', POD)
    const wanted = container.securityContext.capabilities.add.map((name) => `CAP_${name}`)
    assert.deepEqual(values('kernelseal.service', 'CapabilityBoundingSet'), [wanted.join(' ')])
  })
})
