import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { helpText, loadSettings } from '../../../webhook/settings/load.ts'

const directory = mkdtempSync(join(tmpdir(), 'kernelseal-config-'))
after(() => rmSync(directory, { recursive: true }))

function file(text: string): string {
  const path = join(directory, 'webhook.yaml')
  writeFileSync(path, text)
  return path
}

describe('the settings', () => {
  it('come from flags, then the environment, then the file, then defaults', () => {
    const config = file('agentImage: from-file\ndefaultMode: audit\nport: 1000\nmetricsPort: 2000\ndnsNames: [a, b]\n')
    const env = { KSEAL_PORT: '1001', KSEAL_METRICS_PORT: '2001' }
    const settings = loadSettings(['--config', config, '--port', '1002'], env)
    assert.deepEqual(
      [
        settings.port,
        settings.metricsPort,
        settings.defaultMode,
        settings.agentImage,
        settings.logLevel,
        settings.dnsNames,
      ],
      [1002, 2001, 'audit', 'from-file', 'info', ['a', 'b']],
    )
  })

  it('do not listen to the variables Kubernetes sets for a Service', () => {
    const env = { KERNELSEAL_PORT: 'tcp://10.0.0.1:443', KERNELSEAL_METRICS_PORT: 'tcp://10.0.0.1:9090' }
    assert.equal(loadSettings(['--agent-image', 'a'], env).port, 8443)
  })

  for (const [what, argv, env, message] of [
    ['a missing image', [], {}, /--agent-image: is missing \(give `--agent-image`, `\$KSEAL_AGENT_IMAGE`/],
    ['an unknown flag', ['--agent-imag=x'], {}, /there is no option `--agent-imag` \(did you mean `--agent-image`\?\)/],
    ['a flag without value', ['--port'], {}, /command line: /],
    ['a port out of range', ['--agent-image', 'a', '--port', '65536'], {}, /--port: is `65536`, must be a port/],
    [
      'a mode from the environment',
      ['--agent-image', 'a'],
      { KSEAL_DEFAULT_MODE: 'off' },
      /\$KSEAL_DEFAULT_MODE: is `off`/,
    ],
    ['a quantity', ['--agent-image', 'a', '--agent-memory-limit', 'lots'], {}, /must be a quantity/],
    ['a certificate without key', ['--agent-image', 'a', '--cert-file', 'x'], {}, /--key-file: is missing/],
    [
      'a file that is not there',
      ['--config', '/nowhere'],
      {},
      /--config: cannot read `\/nowhere`: there is no such file/,
    ],
  ] as const) {
    it(`are refused for ${what}, with the place it was given`, () =>
      assert.throws(() => loadSettings(argv, env), message))
  }

  it('are refused for an unknown key of the file, with its line', () => {
    const config = file('agentImage: a\nagentImages: b\n')
    assert.throws(
      () => loadSettings(['--config', config], {}),
      /webhook\.yaml:2: agentImages: unknown key .*did you mean/,
    )
  })

  it('are refused for a wrong value in the file, with its line', () => {
    const config = file('agentImage: a\nlogLevel: loud\n')
    assert.throws(() => loadSettings(['--config', config], {}), /webhook\.yaml:2: logLevel: is `loud`, must be/)
  })

  it('are all in the help text', () => {
    for (const flag of ['--agent-image', '--port', '--ca-out', '--drain-seconds', '--config', '-h, --help']) {
      assert.ok(helpText().includes(`  ${flag} `), flag)
    }
  })
})
