/** The command line as a newcomer meets it: too old a Node, no rights, nothing there yet. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { requireRights } from '../../../agent/cli/exec.ts'
import { missingCapabilities, NEEDED, requireCapabilities } from '../../../agent/linux/capabilities.ts'

const ROOT = join(import.meta.dirname, '../../..')
const directory = mkdtempSync(join(tmpdir(), 'kernelseal-newcomer-'))
after(() => rmSync(directory, { recursive: true }))

const kernelseal = (...args: string[]) =>
  spawnSync(process.execPath, [join(ROOT, 'agent/main.ts'), ...args], { encoding: 'utf8' })

describe('a start without the pinned Node', () => {
  const engines = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).engines.node

  for (const [program, path] of [
    ['kernelseal', 'agent/kernelseal'],
    ['kernelseal-webhook', 'webhook/kernelseal-webhook'],
  ] as const) {
    /** The program alone, with a `node` on PATH that is of this version and prints its arguments. */
    const started = (version: string) => {
      const bin = join(directory, version)
      mkdirSync(bin, { recursive: true })
      mkdirSync(join(directory, 'node_modules'), { recursive: true })
      cpSync(join(ROOT, path), join(directory, program))
      writeFileSync(join(bin, 'node'), `#!/bin/sh\n[ "$1" = --version ] && echo ${version} || echo "ran $*"\n`, {
        mode: 0o755,
      })
      const env = { PATH: `${bin}:/usr/bin:/bin` }
      return spawnSync(join(directory, program), ['version'], { env, encoding: 'utf8' })
    }

    it(`of ${program} is refused with the wanted version, which is that of package.json`, () => {
      for (const old of ['v20.20.2', 'v22.17.9', 'v9.0.0', 'missing']) {
        const { status, stdout, stderr } = started(old)
        assert.deepEqual([status, stdout], [2, ''], old)
        assert.equal(`>=${/needs Node (\S+) or newer/.exec(stderr)?.[1]}`, engines)
        assert.ok(stderr.includes(old), stderr)
      }
    })

    it(`of ${program} without the npm packages names them, and the command that fetches them`, () => {
      const clone = join(directory, 'clone', program)
      mkdirSync(clone, { recursive: true })
      cpSync(join(ROOT, path), join(clone, program))
      const { status, stdout, stderr } = spawnSync(join(clone, program), ['check'], { encoding: 'utf8' })
      assert.deepEqual([status, stdout], [2, ''])
      assert.match(
        stderr,
        /its npm packages are not there: `npm install --no-save` in \S+\/clone fetches them, .*scripts\/setup/,
      )
    })

    it(`of ${program} goes on with a newer one`, () => {
      for (const good of ['v22.18.0', 'v22.20.1', 'v24.0.0', 'v100.0.0']) {
        assert.match(started(good).stdout, /^ran .*main\.ts version$/m, good)
      }
    })
  }
})

describe('the first page', () => {
  const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

  it('has the images loaded before the installation, and a line for each kind of cluster', () => {
    const readme = read('README.md')
    const [images, install] = [readme.indexOf('(deploy/README.md#the-images)'), readme.indexOf('helm install')]
    assert.ok(images > 0 && images < install, `${images} ${install}`)
    const lines = read('deploy/README.md').split('## The images')[1]?.split('\n## ')[0] ?? ''
    for (const word of [
      'ctr -n k8s.io images import',
      'kind load',
      'minikube image load',
      'k3d image import',
      'docker push',
    ])
      assert.ok(lines.includes(word), word)
  })

  it('of `inject` says that comments are lost', () => {
    assert.match(kernelseal('inject', '--help').stdout, /comments and\s+style are lost/)
  })

  it('of `run` names the file that is read without arguments', () => {
    const { status, stderr } = kernelseal('run', '--metrics-port', '0')
    assert.equal(status, 2)
    assert.match(stderr, /no configuration: give --config FILE, or mount it as `\/etc\/kernelseal\/config\.yaml`/)
  })
})

describe('`kernelseal exec` without rights', () => {
  const TWO = 'Name:\tx\nCapEff:\t0000000000280000\n'

  it('knows which capabilities are missing', () => {
    assert.deepEqual(missingCapabilities(NEEDED, TWO), ['CAP_PERFMON', 'CAP_BPF'])
    assert.deepEqual(missingCapabilities(NEEDED, 'CapEff:\t000001ffffffffff\n'), [])
    assert.equal(missingCapabilities(NEEDED, ''), undefined)
  })

  it('says what it needs, why, and what to do', () => {
    assert.throws(
      () => requireRights(['CAP_BPF']),
      /kernel programs, which root loads, and this \w+ lacks CAP_BPF; .*`kernelseal doctor`/,
    )
    // Without any capability, and still the owner of the clone, which others may not be able to read (`mktemp -d`).
    const main = [process.execPath, join(ROOT, 'agent/main.ts'), 'exec', '--', 'ls']
    const powerless = ['setpriv', '--bounding-set', '-all', '--inh-caps', '-all']
    const [program = '', ...argv] = process.getuid?.() === 0 ? [...powerless, ...main] : main
    const { status, stderr } = spawnSync(program, argv, { encoding: 'utf8', cwd: '/' })
    assert.equal(status, 1, stderr)
    assert.match(stderr, /^kernelseal: the command is sealed by kernel programs.*CAP_SYS_ADMIN/)
  })
})

describe('`kernelseal run` without rights', () => {
  it('names the capabilities that are missing, before it touches the kernel', () => {
    assert.throws(() => requireCapabilities(['CAP_BPF']), /^Error: the agent lacks CAP_BPF: on a host start it as root/)
    const config = join(directory, 'config.yaml')
    writeFileSync(config, 'version: v1\n')
    const main = [process.execPath, join(ROOT, 'agent/main.ts'), 'run', '--config', config, '--metrics-port', '0']
    const powerless = ['setpriv', '--bounding-set', '-all', '--inh-caps', '-all']
    const [program = '', ...argv] = process.getuid?.() === 0 ? [...powerless, ...main] : main
    const env = { ...process.env, KERNELSEAL_STATE_DIR: directory }
    const { status, stderr } = spawnSync(program, argv, { encoding: 'utf8', cwd: '/', env })
    assert.equal(status, 1, stderr)
    assert.match(stderr, /^kernelseal: the agent lacks CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_PERFMON, CAP_BPF: /)
  })
})

describe('another user than root', { skip: process.getuid?.() === 0 ? false : 'only root can become one' }, () => {
  const closed = join(directory, 'closed')
  mkdirSync(join(closed, 'inside'), { recursive: true, mode: 0o700 })
  /** In a child, which reads the modules before it is another user. */
  const asNobody = (module: string, call: string) => {
    const become = 'process.setgroups([]); process.setgid(65534); process.setuid(65534)'
    const code = `import * as it from ${JSON.stringify(join(ROOT, module))}; ${become}; console.log(it.${call})`
    return spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })
  }

  it('is told that it may not look, and not that the folder is missing', () => {
    const { stderr, stdout } = asNobody('agent/node/pins.ts', `isThere(${JSON.stringify(join(closed, 'inside'))})`)
    assert.match(stderr, /inside` cannot be looked at by this user \(EACCES\): ask as root/)
    assert.equal(stdout, '')
    assert.equal(asNobody('agent/node/pins.ts', `isThere('/nowhere/at/all')`).stdout, 'false\n')
    assert.equal(asNobody('agent/node/pins.ts', `isThere('/proc/self')`).stdout, 'true\n')
  })

  it('is told that placeholders are for root', () => {
    const { stderr } = asNobody('agent/config/nonce.ts', `hostNonce(${JSON.stringify(closed)})`)
    assert.match(
      stderr,
      /nonce`, from which placeholders are made, is closed to this user \(EACCES\): start this as root/,
    )
  })
})

describe('`kernelseal status --json` where nothing is pinned', () => {
  it('has a list that can be walked', () => {
    const { status, stdout } = kernelseal('status', '--json')
    assert.deepEqual([status, JSON.parse(stdout)], [1, { scopes: [] }])
  })
})

describe('a directory of manifests', () => {
  const folder = join(directory, 'manifests')
  mkdirSync(join(folder, 'below'), { recursive: true })
  writeFileSync(
    join(folder, 'below/pod.yaml'),
    'kind: Pod\nmetadata: { name: p }\nspec: { containers: [{ name: a, image: b }] }\n',
  )

  it('is read as it is, and with -R those below it too', () => {
    const flat = kernelseal('explain', '-f', folder)
    assert.equal(flat.status, 2)
    assert.match(flat.stderr, /holds no \*\.yaml, \*\.yml or \*\.json; -R looks below it too/)
    for (const option of ['-R', '--recursive'])
      assert.match(kernelseal('explain', option, '-f', folder).stdout, /Pod p: not injected/)
  })
})
