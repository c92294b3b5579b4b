import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { exec } from '../../../agent/cli/exec.ts'
import { execConfig, sourcesOf } from '../../../agent/exec/bindings.ts'

const directory = mkdtempSync(join(tmpdir(), 'kernelseal-exec-'))
process.env.KERNELSEAL_STATE_DIR = directory
after(() => rmSync(directory, { recursive: true }))

describe('the bindings of `kernelseal exec`', () => {
  it('is the command itself, by flags', () => {
    const { config, variables, host } = execConfig({ secret: ['TOKEN=env:SOURCE', 'PASSWORD=file:/etc/app/password'] })
    assert.equal(host, false)
    assert.equal(config.policy.mode, 'enforce')
    assert.deepEqual(
      config.secrets.map(({ selector, secretRefs }) => [selector.binary, secretRefs.map(({ source }) => source)]),
      [
        [
          undefined,
          [
            { kind: 'envRef', name: 'SOURCE' },
            { kind: 'fileRef', path: '/etc/app/password' },
          ],
        ],
      ],
    )
    assert.deepEqual(
      variables.map(({ name }) => name),
      ['TOKEN', 'PASSWORD'],
    )
  })

  it('has other placeholders each time, also from a file', () => {
    const file = join(directory, 'config.yaml')
    const refs = '[{ name: TOKEN, source: { envRef: SOURCE } }, { name: OTHER, source: { envRef: SOURCE } }]'
    writeFileSync(file, `version: v1\nsecrets: [{ name: app, secretRefs: ${refs} }]\n`)
    const [one, two] = [execConfig({ config: file }), execConfig({ config: file })]
    assert.equal(one.host, false)
    assert.notEqual(one.variables[0]!.placeholder, two.variables[0]!.placeholder)
    assert.deepEqual(sourcesOf(one.config), ['SOURCE'])
  })

  for (const [options, why] of [
    [{}, /--secret NAME=REF, once or more, or --config FILE/],
    [{ config: 'f', secret: ['A=env:B'] }, /and not both/],
    [{ secret: ['hunter2'] }, /^--secret is NAME=REF/],
    [{ secret: ['TOKEN=hunter2'] }, /^--secret TOKEN: is not a reference to a secret \(write /],
    [{ secret: ['LD_PRELOAD=env:X'] }, /^--secret LD_PRELOAD: /],
    [{ secret: ['A=env:X', 'A=env:Y'] }, /is already bound/],
  ] as const) {
    it(`is refused: ${JSON.stringify(options)}`, () => {
      assert.throws(
        () => execConfig(options),
        (error: Error) => why.test(error.message) && !error.message.includes('hunter2'),
      )
    })
  }

  it('needs a command after `--`', async () => {
    await assert.rejects(exec.run(['--secret', 'A=env:B', 'printenv']), /give the command to start after `--`/)
  })
})
