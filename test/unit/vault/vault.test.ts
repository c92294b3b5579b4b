/** Vault against a recorded exchange: requests, caching, retries, and errors. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, mock, test } from 'node:test'
import { parseConfig } from '../../../agent/policy/parse.ts'
import { resolveAll } from '../../../agent/sources/resolve.ts'
import { openSources } from '../../../agent/sources/sources.ts'
import { vaultSettings } from '../../../agent/sources/vault/settings.ts'
import { openVault, type Vault } from '../../../agent/sources/vault/vault.ts'
import { type RecordedVault, startRecordedVault } from './recorded-vault.ts'

const folder = mkdtempSync(join(tmpdir(), 'kernelseal-vault-'))
const tokenFile = join(folder, 'token')
let server: RecordedVault
let now: number

before(async () => {
  server = await startRecordedVault()
})
after(() => {
  server.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  writeFileSync(tokenFile, 'eyJ.service.account\n')
  Object.assign(server, { lease: 3600 })
  server.seen.length = 0
  server.next.length = 0
  server.tokens.clear()
  server.secrets.clear()
  server.secrets.set('secret/data/shop/db', { password: 'pässword\n', user: 'shop', port: 5432 })
  now = 0
})

const environment = (more: Record<string, string> = {}) => ({
  KERNELSEAL_VAULT_ADDR: server.address,
  KERNELSEAL_VAULT_ROLE: 'shop',
  KERNELSEAL_VAULT_CA: server.ca,
  KERNELSEAL_VAULT_TOKEN_FILE: tokenFile,
  ...more,
})
const open = (more?: Record<string, string>): Vault =>
  openVault(vaultSettings(environment(more))!, () => now, [1, 1, 1])

const text = (path = 'shop/db', key = 'password') => ({ kind: 'vaultRef', path, key }) as const
const seen = (): string[] => server.seen.map(({ method, path }) => `${method} ${path}`)
const LOGIN = 'POST /v1/auth/kubernetes/login'
const READ = 'GET /v1/secret/data/shop/db'

async function refusal(vault: Vault, path?: string, key?: string): Promise<string> {
  const { config } = parseConfig('version: v1', 'test')
  const secretRefs = [{ name: 'PGPASSWORD', source: text(path, key), capacity: 1024 }]
  const secrets = [{ name: 'db', selector: { lineage: 'workload', children: 'scrub' } as const, secretRefs }]
  const resolved = resolveAll({ ...config, secrets }, openSources({ vault }))
  return resolved.then(
    () => assert.fail('it was read'),
    (error: Error) => error.message,
  )
}

test('a value is read with a login by the service account, and is byte-exact', async () => {
  assert.deepEqual(await open().read(text()), Buffer.from('pässword\n'))
  assert.deepEqual(seen(), [LOGIN, READ])
  assert.deepEqual(JSON.parse(server.seen[0]!.body), { role: 'shop', jwt: 'eyJ.service.account' })
  assert.ok(server.tokens.has(String(server.seen[1]!.headers['x-vault-token'])))
  assert.equal(server.seen[0]!.headers['x-vault-token'], undefined)
})

test('one login and one reading serve all keys of a path, asked for at once or later', async () => {
  const vault = open()
  const both = await Promise.all([vault.read(text()), vault.read(text('shop/db', 'user'))])
  assert.equal(String(both[1]), 'shop')
  await vault.read(text('secret/data/shop/db', 'user'))
  assert.deepEqual(seen(), [LOGIN, READ])
})

test('a value is read again after the period, with the same login until two thirds of its lease', async () => {
  const vault = open({ KERNELSEAL_VAULT_PERIOD: '60' })
  await vault.read(text())
  server.secrets.set('secret/data/shop/db', { password: 'new' })
  now = 59_999
  assert.equal(String(await vault.read(text())), 'pässword\n')
  now = 60_000
  assert.equal(String(await vault.read(text())), 'new')
  now = 2_400_000
  await vault.read(text())
  assert.deepEqual(seen(), [LOGIN, READ, READ, LOGIN, READ])
})

test('the service account’s token is read anew for each login, since the kubelet replaces it', async () => {
  const vault = open()
  await vault.read(text())
  writeFileSync(tokenFile, 'eyJ.renewed')
  now = 2_400_000
  await vault.read(text())
  assert.deepEqual(JSON.parse(server.seen[2]!.body), { role: 'shop', jwt: 'eyJ.renewed' })
})

test('the clock of the machine may jump: leases are counted on another', async () => {
  const vault = openVault(vaultSettings(environment())!)
  await vault.read(text())
  mock.timers.enable({ apis: ['Date'], now: Date.now() + 1e12 })
  await vault.read(text())
  mock.timers.reset()
  assert.deepEqual(seen(), [LOGIN, READ])
})

test('a token that was revoked is replaced by a new login', async () => {
  const vault = open()
  await vault.read(text())
  server.tokens.clear()
  vault.forget()
  assert.equal(String(await vault.read(text())), 'pässword\n')
  assert.deepEqual(seen(), [LOGIN, READ, READ, LOGIN, READ])
})

test('an overloaded, sealed or restarting server is asked again, four times in all', async () => {
  server.next.push({ status: 503, body: { errors: ['Vault is sealed'] } }, { status: 429, body: null })
  assert.equal(String(await open().read(text())), 'pässword\n')
  assert.deepEqual(seen(), [LOGIN, LOGIN, LOGIN, READ])
  server.next.push(...Array.from({ length: 4 }, () => ({ status: 503, body: { errors: ['Vault is sealed'] } })))
  const message = await refusal(open())
  assert.match(
    message,
    /^binding `db`, variable `PGPASSWORD`: vaultRef `shop\/db` key `password` at `127\.0\.0\.1:\d+`: /,
  )
  assert.match(message, /it is sealed or in maintenance \(status 503\), saying `Vault is sealed`; unseal it/)
})

test('a server that does not answer in time is asked again, and then said to be silent', async () => {
  // Long enough for the answer that has to come: with 100 ms a busy machine's came late.
  const settings = { ...vaultSettings(environment())!, timeoutMs: 1_000 }
  server.next.push('hang')
  assert.equal(String(await openVault(settings, () => now, [1]).read(text())), 'pässword\n')
  server.next.push('hang', 'hang')
  const message = await refusal(openVault(settings, () => now, [1]))
  assert.match(message, /`127\.0\.0\.1:\d+` did not answer within 1 s; is it reachable from here\?/)
})

test('a failure is not kept: the next reading asks again', async () => {
  const vault = open()
  server.next.push(...Array.from({ length: 4 }, () => ({ status: 500, body: null })))
  await refusal(vault)
  assert.equal(String(await vault.read(text())), 'pässword\n')
})

const refused: readonly [what: string, reply: () => void, words: RegExp, path?: string, key?: string][] = [
  [
    'a login that is refused',
    () => server.next.push({ status: 400, body: { errors: ['invalid role name "shop"'] } }),
    /it refused the login with the role `shop`, saying `invalid role name "shop"`; check the role/,
  ],
  ['a path that is not there', () => {}, /no such secret, or its newest version is deleted/, 'nowhere'],
  ['a key that is not there', () => {}, /the secret has no such key/, 'shop/db', 'nothing'],
  ['a key of every object', () => {}, /the secret has no such key/, 'shop/db', 'constructor'],
  ['a value that is no text', () => {}, /its value is no text; store it as a string/, 'shop/db', 'port'],
  [
    'a mount of version 1',
    () => server.next.push(loginReply(), { status: 200, body: { data: { password: 'x' } } }),
    /holds no KV secrets of version 2/,
  ],
  ['an answer that is no JSON', () => server.next.push({ status: 200, body: undefined }), /status 200/],
  [
    'a redirection',
    () => server.next.push({ status: 307, body: { errors: [] } }),
    /it answered with status 307; check KERNELSEAL_VAULT_AUTH_MOUNT/,
  ],
]
const loginReply = () => ({ status: 200, body: { auth: { client_token: 'hvs.once', lease_duration: 60 } } })
for (const [what, reply, words, path, key] of refused) {
  test(`${what} is a failure with its reason, and without a token or a value`, async () => {
    reply()
    const message = await refusal(open(), path, key)
    assert.match(message, words)
    assert.doesNotMatch(message, /hvs\.|eyJ|pässword|5432/)
  })
}

test('a path that the role may not read is a failure that names the policy', async () => {
  server.next.push(
    loginReply(),
    ...[1, 2].flatMap(() => [{ status: 403, body: { errors: ['permission denied'] } }, loginReply()]),
  )
  assert.match(await refusal(open()), /it refuses the path, saying `permission denied`; allow `read` on it in a policy/)
})

test('a hundred paths that the role may not read cost one login, and later one more', async () => {
  const vault = open()
  const readAll = () =>
    Promise.all(Array.from({ length: 100 }, (_, n) => vault.read(text(`shop/${n}`)).catch(() => 'refused')))
  const logins = () => seen().filter((line) => line === LOGIN).length
  const refuse = () => {
    for (let n = 0; n < 100; n++) server.secrets.set(`secret/data/shop/${n}`, 'forbidden' as never)
  }
  refuse()
  assert.ok((await readAll()).every((answer) => answer === 'refused'))
  assert.equal(logins(), 1)
  now = 400_000
  assert.ok((await readAll()).every((answer) => answer === 'refused'))
  assert.equal(logins(), 2)
})

for (const [what, echo] of [
  ['the token of the account', () => 'invalid jwt eyJ.service.account'],
  ['a part of it', () => 'invalid jwt eyJ.service.acc'],
  ['the token it gave out', () => `no such token: ${[...server.tokens][0]}`],
  ['a value', () => 'cannot store "pässword\n" here, nor hunter22-hunter22'],
] as const) {
  test(`${what} that the server repeats is not in the failure`, async () => {
    server.secrets.set('secret/data/shop/other', { a: 'hunter22-hunter22' })
    const vault = open()
    await vault.read(text())
    await vault.read(text('shop/other', 'a'))
    vault.forget()
    server.next.push(
      ...Array.from({ length: 4 }, () => ({ status: 500, body: { errors: [echo()], data: 'hunter22' } })),
    )
    const message = await refusal(vault)
    assert.match(message, /status 500, saying `.*\[redacted\]/)
    assert.doesNotMatch(message, /eyJ|service|hvs\.|pässword|hunter22/)
  })
}

test('an answer that is cut short is said to be that, and asked for again', async () => {
  server.next.push(...Array.from({ length: 4 }, () => 'cut' as const))
  assert.match(await refusal(open()), /the answer of `127\.0\.0\.1:\d+` was cut short; see its log/)
  assert.equal(server.seen.length, 4)
})

test('a server by another authority gets no token', async () => {
  const other = await startRecordedVault()
  try {
    const message = await refusal(open({ KERNELSEAL_VAULT_CA: other.ca }))
    assert.match(message, /the certificate of `127\.0\.0\.1:\d+` is not trusted \(.*\); check KERNELSEAL_VAULT_CA/)
    assert.deepEqual(seen(), [])
  } finally {
    other.close()
  }
})

test('a server that is not there is said to be that, with its address', async () => {
  const message = await refusal(open({ KERNELSEAL_VAULT_ADDR: 'https://127.0.0.1:9' }))
  assert.match(message, /`127\.0\.0\.1:9` cannot be reached \(ECONNREFUSED\); check KERNELSEAL_VAULT_ADDR/)
})

test('a missing service-account token is named by its path', async () => {
  rmSync(tokenFile)
  assert.match(await refusal(open()), new RegExp(`service-account token \`${tokenFile}\`: there is no such file`))
})

test('no reference leads out of the agent’s own mount', async () => {
  await refusal(open(), 'auth/token/lookup-self')
  assert.equal(seen().at(-1), 'GET /v1/secret/data/auth/token/lookup-self')
  for (const path of ['../sys/health', 'a/../../sys', 'a?version=1', '/a', 'a//b', 'a#b', 'a%2fb']) {
    const ref = `secrets: [{name: a, secretRefs: [{name: T, source: {vaultRef: {path: "${path}", key: k}}}]}]`
    assert.throws(() => parseConfig(ref, 'c'), /is not the path of a secret in Vault/, path)
  }
})

const wrong: readonly [variable: string, text: string, words: RegExp][] = [
  ['ADDR', 'http://vault:8200', /`KERNELSEAL_VAULT_ADDR` is not an address: write `https:/],
  ['ADDR', 'https://vault:8200/v1', /without a path/],
  ['ROLE', '', /`KERNELSEAL_VAULT_ROLE` is missing/],
  ['MOUNT', '../sys', /`KERNELSEAL_VAULT_MOUNT` is no mount/],
  ['PERIOD', '5', /`KERNELSEAL_VAULT_PERIOD` is a number of seconds, 10 at least/],
  ['CA', '/nowhere.pem', /`KERNELSEAL_VAULT_CA` names `\/nowhere\.pem`, which cannot be read: there is no such file/],
]
for (const [variable, value, words] of wrong) {
  test(`KERNELSEAL_VAULT_${variable}=${value} is refused`, () => {
    assert.throws(() => vaultSettings(environment({ [`KERNELSEAL_VAULT_${variable}`]: value })), words)
  })
}

test('without an address there is no Vault', () => {
  assert.equal(vaultSettings({ KERNELSEAL_VAULT_ROLE: 'shop' }), undefined)
})
