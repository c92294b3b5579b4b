/** Files in disguise: a program or a library put where the bound one's is looked for. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { after, before, test } from 'node:test'
import { spyLibrary } from '../../../agent/attack/targets/spy-library.ts'
import { type Agent, eventually, startAgent } from '../../support/agent-under-test.ts'

const SECRET = 'not-for-foreign-files-a2'
const PRINTENV = '/usr/bin/printenv'
const hash = createHash('sha256').update(readFileSync(PRINTENV)).digest('hex')
const [LOOP, SERVED] = ['loop', 'served'].map((name) => mkdtempSync(`/mnt/kernelseal-${name}-`)) as [string, string]
const binding = (name: string, binary: string, verify: string): string => `
  - name: ${name.toLowerCase()}
    selector: { binary: ${binary}${verify} }
    secretRefs: [{ name: ${name}, source: { envRef: SOURCE } }]`
const CONFIG = `version: v1\npolicy: { mode: enforce }\nsecrets:
${binding('PLAIN', PRINTENV, '')}
${binding('ON_LOOP', `${LOOP}/printenv`, `, verify: "sha256:${hash}"`)}
${binding('SERVED', `${SERVED}/printenv`, `, verify: "sha256:${hash}"`)}
${binding('IMAGE', '/usr/bin/env', ', verify: image')}
${binding('MAPS', '/usr/bin/perl', ', verify: image')}
${binding('PUT', '/usr/bin/true', '')}
${binding('OWN', '/usr/bin/false', ', verify: image')}
`
let agent: Agent
let server: ChildProcess | undefined

before(async () => {
  agent = await startAgent({ config: CONFIG, env: { SOURCE: SECRET } })
})
after(async () => {
  rmSync('/etc/ld.so.preload', { force: true })
  server?.kill('SIGKILL')
  await agent.stop()
})

const run = (path: string, args: readonly string[]) =>
  spawnSync(path, args, { env: { PATH: '/usr/bin', ...agent.placeholders }, encoding: 'latin1', timeout: 60_000 })

test('another file at the bound path, in namespaces that an unprivileged user made, gets nothing', () => {
  assert.equal(run(PRINTENV, ['PLAIN']).stdout, `${SECRET}\n`)
  const script = `mount --bind /usr/bin/env ${PRINTENV} && exec ${PRINTENV}`
  const user = ['--reuid', '1000', '--regid', '1000', '--clear-groups', 'unshare', '-Urm', 'sh', '-c', script]
  const { stdout, stderr } = run('/usr/bin/setpriv', user)
  assert.match(stdout, /^PLAIN=/m, stderr)
  assert.ok(!stdout.includes(SECRET), 'a value in a file that was put at the path')
})

test('a program on a loop device is not verified, whatever its content: it does not run, and the log says why', async () => {
  const image = `${mkdtempSync('/tmp/kernelseal-loop-')}/image`
  writeFileSync(image, '')
  truncateSync(image, 16 << 20)
  for (const module of ['loop', 'ext4']) spawnSync('modprobe', [module])
  execFileSync('mkfs.ext4', ['-q', image])
  execFileSync('mount', ['-o', 'loop', image, LOOP])
  copyFileSync(PRINTENV, `${LOOP}/printenv`)
  const { signal, stdout } = run(`${LOOP}/printenv`, ['ON_LOOP'])
  assert.deepEqual([signal, stdout], ['SIGKILL', ''])
  await eventually('the reason', () => agent.events().some((e) => e.reason === 'foreign-file'))
  assert.match(
    agent.log(),
    /killed before it ran: the program lies on a file system whose content[^"]*binding `on_loop`/,
  )
})

test('nor is one on a file system that a process serves (FUSE)', async () => {
  spawnSync('modprobe', ['fuse'])
  server = spawn('/usr/bin/python3', [new URL('serve-file.py', import.meta.url).pathname, SERVED, PRINTENV])
  await eventually('the file system', () => existsSync(`${SERVED}/printenv`))
  const { signal, stdout } = run(`${SERVED}/printenv`, ['SERVED'])
  assert.deepEqual([signal, stdout], ['SIGKILL', ''])
  const why = /the program lies on a file system whose content[^"]*binding `served`/
  await eventually('the reason', () => why.test(agent.log()))
})

test('a library of /etc/ld.so.preload sees nothing of a verified program, which runs without it', async () => {
  assert.match(run('/usr/bin/env', []).stdout, new RegExp(`^IMAGE=${SECRET}$`, 'm'))
  const library = '/usr/local/lib/kernelseal-spy.so'
  writeFileSync(library, spyLibrary())
  writeFileSync('/etc/ld.so.preload', `${library}\n`)
  try {
    assert.match(run('/usr/bin/cat', ['/dev/null']).stdout, /IMAGE=/, 'the library speaks in other programs')
    const { stdout } = run('/usr/bin/env', ['-i', '/usr/bin/true'])
    assert.ok(!stdout.includes(SECRET), 'a library of the upper layer saw the value')
  } finally {
    rmSync('/etc/ld.so.preload')
  }
  await eventually('the event', () => agent.events().some((e) => e.way === 'library'))
})

test('a verified program cannot make such a file executable once it is mapped', () => {
  const file = '/tmp/kernelseal-code'
  writeFileSync(file, Buffer.alloc(4096))
  // mmap (9) to read, private; mprotect (10) to read and execute
  const script = `open(F, '<', '${file}'); $a = syscall(9, 0, 4096, 1, 2, fileno(F), 0);
    print syscall(10, $a, 4096, 5), ' ', $!+0, ' ', syscall(9, 0, 4096, 5, 2, fileno(F), 0), ' ', $!+0`
  assert.equal(run('/usr/bin/perl', ['-e', script]).stdout, '-1 1 -1 1')
})

test('nor is a changed one, with the image itself below it, in an overlay that covers the root', () => {
  const [changed, covered] = ['/tmp/kernelseal-changed', 'exec nsenter --mount=/proc/self/ns/mnt']
  for (const program of [PRINTENV, '/usr/bin/env']) {
    mkdirSync(`${changed}/usr/bin`, { recursive: true })
    copyFileSync(program, changed + program)
    appendFileSync(changed + program, 'x')
  }
  const cover = `mount -t overlay -o lowerdir=${changed}:/ none / && ${covered}`
  const inside = (command: string) => run('/usr/bin/unshare', ['--mount', 'sh', '-c', `${cover} ${command}`])
  const unverified = inside(`${PRINTENV} PLAIN`)
  assert.equal(unverified.stdout, `${SECRET}\n`, unverified.stderr)
  const { signal, stdout, stderr } = inside('/usr/bin/env')
  assert.deepEqual([signal, stdout], ['SIGKILL', ''], stderr)
})

test('nor is another file of the image, put at the path by a bind mount: its content is the image’s, its name is not', () => {
  const put = (at: string) =>
    run('/usr/bin/unshare', ['--mount', 'sh', '-c', `mount --bind ${PRINTENV} ${at} && exec ${at}`])
  const unverified = put('/usr/bin/true')
  assert.match(unverified.stdout, new RegExp(`^PUT=${SECRET}$`, 'm'), unverified.stderr)
  const { signal, stdout, stderr } = put('/usr/bin/false')
  assert.deepEqual([signal, stdout], ['SIGKILL', ''], stderr)
})
