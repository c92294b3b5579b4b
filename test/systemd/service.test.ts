/**
 * The units of deploy/systemd under a real systemd: an agent for the programs of one service, which is as its author wrote
 * it, and a service under `kernelseal exec`.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { environOf, eventually } from '../support/agent-under-test.ts'
import { install, installShipped, installUnit, mainPidOf, systemctl, write } from './machine.ts'

const SECRET = 'secret-of-the-service-91fd'
const PRINTED = '/run/shop.printed'
const CONFIG = `
version: v1
policy: { mode: enforce }
secrets:
  - name: shop
    selector: { binary: /usr/bin/sleep }
    secretRefs: [{ name: TOKEN, source: { fileRef: /etc/kernelseal/token } }]
  - name: printer
    selector: { binary: /usr/bin/printenv }
    secretRefs: [{ name: TOKEN, source: { fileRef: /etc/kernelseal/token } }]
  - name: untold
    selector: { binary: /usr/bin/env, withoutPlaceholder: add }
    secretRefs: [{ name: TOKEN, source: { fileRef: /etc/kernelseal/token } }]
`
/** It prints its value, and stays. */
const service = (environment: string): string => `[Service]
Type=exec
${environment}
ExecStartPre=/bin/sh -c '/usr/bin/printenv TOKEN >${PRINTED}'
ExecStart=/usr/bin/sleep 100000
`

const installShop = (): void => installUnit('shop.service', service('EnvironmentFile=/run/kernelseal/env'))

before(() => {
  install(CONFIG, { token: SECRET })
  installShipped('kernelseal.service', {
    ExecStart:
      '/usr/bin/kernelseal run --config /etc/kernelseal/config.yaml --environment-file /run/kernelseal/env --stay --log-format json --cgroup system.slice/shop.service',
  })
  installShop()
})
after(() => {
  systemctl('stop', 'shop.service', 'sealed-app.service', 'kernelseal.service')
  spawnSync('kernelseal', ['unload', '--force'])
})

/** The output of /usr/bin/env as a service. */
function environmentIn(unit: string, environment: string): string {
  const output = '/run/environment'
  installUnit(
    unit,
    `[Service]\nType=oneshot\n${environment}\nExecStart=/usr/bin/env\nStandardOutput=truncate:${output}\n`,
  )
  systemctl('start', unit)
  return readFileSync(output, 'latin1')
}

const printed = (): string => readFileSync(PRINTED, 'latin1')
const isRefused = (pid: number): void => assert.throws(() => environOf(pid), { code: 'EPERM' })

test('without protection root reads the values a unit gives its service', () => {
  installUnit('plain.service', service(`Environment=TOKEN=${SECRET}`))
  systemctl('start', 'plain.service')
  assert.ok(environOf(mainPidOf('plain.service')).includes(`TOKEN=${SECRET}\0`))
  systemctl('stop', 'plain.service')
})

test('systemd starts the agent, and says so once protection is proved', () => {
  systemctl('start', 'kernelseal.service')
  assert.equal(spawnSync('systemctl', ['is-active', 'kernelseal.service'], { encoding: 'utf8' }).stdout, 'active\n')
})

test('the service alone has its secret, and root is refused access', () => {
  systemctl('start', 'shop.service')
  assert.equal(printed(), `${SECRET}\n`)
  isRefused(mainPidOf('shop.service'))
  assert.equal(spawnSync('/usr/bin/printenv', ['TOKEN'], { encoding: 'utf8' }).stdout, '')
  assert.match(environmentIn('elsewhere.service', 'EnvironmentFile=/run/kernelseal/env'), /^TOKEN=kernelseal:v1:/m)
})

test('a unit that knows nothing of placeholders has it as well, where the binding adds it', () => {
  systemctl('stop', 'shop.service')
  assert.ok(environmentIn('shop.service', '').split('\n').includes(`TOKEN=${SECRET}`))
  assert.ok(!environmentIn('elsewhere.service', '').includes('TOKEN'))
  installShop()
  systemctl('start', 'shop.service')
})

test('started again it has it again, in a control group that systemd made anew', () => {
  write(PRINTED, '')
  systemctl('restart', 'shop.service')
  assert.equal(printed(), `${SECRET}\n`)
  isRefused(mainPidOf('shop.service'))
})

test('a reload brings a new variable to services that start from then on, the file of placeholders too', () => {
  const more = '- name: printer\n    selector: { binary: /usr/bin/printenv }\n    secretRefs: ['
  const added = `${more}{ name: MORE, source: { fileRef: /etc/kernelseal/token } }, `
  write('/etc/kernelseal/config.yaml', CONFIG.replace(more, added))
  systemctl('reload', 'kernelseal.service')
  installUnit('shop.service', service('EnvironmentFile=/run/kernelseal/env').replace('printenv TOKEN', 'printenv MORE'))
  systemctl('restart', 'shop.service')
  assert.equal(printed(), `${SECRET}\n`)
  write('/etc/kernelseal/config.yaml', CONFIG)
  systemctl('reload', 'kernelseal.service')
  assert.doesNotMatch(readFileSync('/run/kernelseal/env', 'latin1'), /^MORE=/m)
  installShop()
  systemctl('restart', 'shop.service')
})

test('while the agent is stopped and started, the service goes on, guarded, and can be started', () => {
  systemctl('stop', 'kernelseal.service')
  isRefused(mainPidOf('shop.service'))
  write(PRINTED, '')
  systemctl('restart', 'shop.service')
  assert.equal(printed(), `${SECRET}\n`)
  systemctl('start', 'kernelseal.service')
  isRefused(mainPidOf('shop.service'))
})

test('an agent that is killed is started again by systemd', async () => {
  const killed = mainPidOf('kernelseal.service')
  systemctl('kill', '--signal=SIGKILL', '--kill-whom=main', 'kernelseal.service')
  isRefused(mainPidOf('shop.service'))
  await eventually('another agent', () => {
    const pid = mainPidOf('kernelseal.service')
    return pid > 0 && pid !== killed
  })
  isRefused(mainPidOf('shop.service'))
})

test('a service under `kernelseal exec` is sealed with its credential', async () => {
  write('/etc/kernelseal/credential', SECRET)
  installShipped('sealed-app.service', {
    LoadCredentialEncrypted: '',
    LoadCredential: 'database-url:/etc/kernelseal/credential',
    ExecStart:
      '/usr/bin/kernelseal exec --secret DATABASE_URL=file:%d/database-url -- /usr/bin/setpriv --reuid www-data --regid www-data --init-groups /usr/bin/sleep 200000',
  })
  systemctl('start', 'sealed-app.service')
  const application = await eventually(
    'the application',
    () => {
      const { stdout } = spawnSync('pgrep', ['--full', '--exact', '/usr/bin/sleep 200000'], { encoding: 'utf8' })
      return Number(stdout)
    },
    120_000,
  )
  isRefused(application)
  systemctl('stop', 'sealed-app.service')
  assert.ok(!existsSync(`/proc/${application}`))
})
