/**
 * `verify` where no placeholder is filled: the value is in the environment that a sealed program hands on. A program that fails it has
 * the value taken out, or does not start; beside it a binding without `verify` shows that the value would have come.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, readdirSync, readFileSync, readlinkSync, renameSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type Agent, eventually, startAgent } from '../../support/agent-under-test.ts'
import { compiled } from '../../support/compile.ts'

const [VERIFIED, OPEN] = ['verified-value-4e0c17', 'open-value-91b2aa03']
const PYTHON = readlinkSync('/usr/bin/python3').replace(/^(?!\/)/, '/usr/bin/')
/** Programs of the image that no other test starts: this one leaves others in their place. */
const perls = readdirSync('/usr/bin').filter((name) => /^perl5[.]/.test(name))
const [ALONE, PERL] = perls.sort().map((name) => `/usr/bin/${name}`) as [string, string]
const BASH = '/usr/bin/bash'
const [PINNED, HANDING] = ['/usr/local/bin/kernelseal-held', '/usr/local/bin/kernelseal-handing']
const ADDED = '/usr/local/bin/kernelseal-added-env'
const LOAD = new URL('load-after-exec.pl', import.meta.url).pathname
const MAKE = new URL('library-without-code.py', import.meta.url).pathname

const binding = (name: string, selector: string, source = 'VERIFIED'): string => `
- name: ${name.toLowerCase()}
  selector: { ${selector} }
  secretRefs: [{ name: ${name}, source: { envRef: ${source} } }]`
let agent: Agent

before(async () => {
  assert.equal(perls.length, 2, `two names of perl below /usr/bin, with its version: ${perls}`)
  for (const path of [PINNED, HANDING]) copyFileSync(BASH, path)
  copyFileSync('/usr/bin/env', ADDED)
  const hash = createHash('sha256').update(readFileSync(PINNED)).digest('hex')
  const secrets = [
    binding('SELF', `binary: ${PERL}, verify: image`),
    binding('OPEN', `binary: ${PERL}`, 'OPEN'),
    binding('HANDED', `binary: ${PYTHON}, verify: image, children: inherit`),
    binding('ALONE', `binary: ${ALONE}, verify: image, children: deny`),
    binding('PIN', `binary: ${PINNED}, verify: "sha256:${hash}"`),
    binding('PIN_ON', `binary: ${HANDING}, verify: "sha256:${hash}", children: inherit`),
    binding('PIN_OPEN', `binary: ${PINNED}`, 'OPEN'),
  ]
  const config = `version: v1\npolicy: { mode: enforce }\nsecrets:${secrets.join('')}\n`
  agent = await startAgent({ config, env: { VERIFIED, OPEN } })
})
after(() => agent.stop())

const environment = () => ({ PATH: '/usr/bin', ...agent.placeholders })
const run = (path: string, args: readonly string[]) =>
  spawnSync(path, args, { env: environment(), encoding: 'latin1', timeout: 60_000 })

/** Starts a program that says x and waits for a line, and puts env(1) in its place meanwhile. */
async function replaced(path: string, args: readonly string[]): Promise<{ said: string; signal: string | null }> {
  const child = spawn(path, args, { env: environment() })
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  await eventually('its start', () => said.includes('x\n'))
  copyFileSync('/usr/bin/env', `${path}.new`)
  renameSync(`${path}.new`, path)
  const closed = new Promise<string | null>((resolve) => child.once('close', (_, signal) => resolve(signal)))
  child.stdin.end('\n')
  return { signal: await closed, said }
}

test('an exec that fails leaves the library guard as it was', () => {
  const library = '/usr/local/lib/kernelseal-held.so'
  copyFileSync(compiled(new URL('preloaded.c', import.meta.url).pathname, '-shared', '-fPIC'), library)
  writeFileSync('/tmp/kernelseal-text', 'no program\n', { mode: 0o755 })
  const load = [LOAD, library, '/tmp/kernelseal-text']
  const free = spawnSync(PERL, load, { env: { PATH: '/usr/bin' }, encoding: 'latin1' })
  assert.equal(free.stdout, 'loaded, -1, loaded\n', 'an unsealed program loads it')
  const { stdout, stderr } = run(PERL, load)
  assert.equal(stdout, 'refused, -1, refused\n', stderr)
})

test('a library that has the loader make its code is refused as one that brings it', () => {
  const library = '/usr/local/lib/kernelseal-made.so'
  const made = spawnSync('/usr/bin/python3', [MAKE, library], { env: { PATH: '/usr/bin' }, encoding: 'latin1' })
  assert.equal(made.status, 0, made.stderr)
  const load = [
    '-MDynaLoader',
    '-e',
    'print DynaLoader::dl_load_file($ARGV[0], 0) ? "loaded\\n" : "refused\\n"',
    library,
  ]
  const free = spawnSync(PERL, load, { env: { PATH: '/usr/bin' }, encoding: 'latin1' })
  assert.equal(free.stdout, 'made\nloaded\n', `its code runs in an unsealed program: ${free.stderr}`)
  assert.equal(run(PERL, load).stdout, 'refused\n')
  const own = run(PERL, [...load.slice(0, 3), '/lib/x86_64-linux-gnu/libz.so.1'])
  assert.equal(own.stdout, 'loaded\n', 'one of the image loads')
})

test('children: inherit hands the value to programs of the image, and to no other', () => {
  const started = (program: string) =>
    run(PYTHON, ['-c', `import subprocess; subprocess.run(['${program}'])`]).stdout.split('\n')
  assert.ok(started('/usr/bin/env').includes(`HANDED=${VERIFIED}`))
  assert.ok(started(ADDED).includes('HANDED='))
})

test('verify: sha256 lets the program start itself, and takes the value from what is put in its place', async () => {
  const again = run(PINNED, ['-c', `exec ${PINNED} -c 'echo "again $PIN $PIN_OPEN"'`])
  assert.equal(again.stdout, `again ${VERIFIED} ${OPEN}\n`, again.stderr)
  const lines = (await replaced(PINNED, ['--norc', '-c', `echo x; read -r; exec ${PINNED}`])).said.split('\n')
  assert.ok(lines.includes(`PIN_OPEN=${OPEN}`), 'without verify it has the value')
  assert.ok(lines.includes('PIN='), lines.join('\n'))
})

test('with children: inherit it proves the program that is started again, and ends another', async () => {
  const again = run(HANDING, ['-c', `sh -c 'exec ${HANDING} -c "echo again \\$PIN_ON"'`])
  assert.equal(again.stdout, `again ${VERIFIED}\n`, again.stderr)
  const { signal, said } = await replaced(HANDING, ['--norc', '-c', `echo x; read -r; exec ${HANDING}`])
  assert.deepEqual([signal, said], ['SIGKILL', 'x\n'])
  await eventually('the reason', () => agent.events().some((e) => e.reason === 'not-pinned'))
})

test('children: deny refuses the bound program once it is another', async () => {
  assert.equal(run(ALONE, ['-e', `exec '${ALONE}', '-e', 'print "again $ENV{ALONE}"'`]).stdout, `again ${VERIFIED}`)
  const { said } = await replaced(ALONE, ['-e', `$| = 1; print "x\\n"; <STDIN>; exec '${ALONE}'; print "$!\\n"`])
  assert.match(said, /Operation not permitted/)
  assert.ok(!said.includes(VERIFIED))
})

test('verify: image takes the value from what is put in the place of the program', async () => {
  const again = `exec '${PERL}', '-e', 'print "again $ENV{SELF}"'`
  assert.equal(run(PERL, ['-e', again]).stdout, `again ${VERIFIED}`)
  const { said } = await replaced(PERL, ['-e', `$| = 1; print "x\\n"; <STDIN>; exec '${PERL}'`])
  const lines = said.split('\n')
  assert.ok(lines.includes(`OPEN=${OPEN}`), `without verify it has the value: ${said}`)
  assert.ok(lines.includes('SELF='), said)
})
