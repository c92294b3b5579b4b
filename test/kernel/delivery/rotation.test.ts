/**
 * Changes while a Pod runs: a Secret and the annotations, both swapped by the kubelet's stand-in as the kubelet does it. New
 * processes get the new values, running ones keep theirs and are told; the policy changes in one step or not at all.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { AGENT_CONTAINER } from '../../../agent/policy/sidecar.ts'
import { type RunningPod, startPod } from '../../../scripts/demo.d/pod/kubelet.ts'
import type { Pod } from '../../../scripts/demo.d/pod/spec.ts'
import { eventually, startAgent } from '../../support/agent-under-test.ts'
import { admit, testImages } from '../../support/pod-under-test.ts'

const CONFIG = `
- name: entrypoint
  selector: { container: app }
  onRotate: { signal: SIGHUP }
  secretRefs: [{ name: PASSWORD, source: { secretKeyRef: { name: login, key: password } } }]
- name: named
  selector: { container: app, binary: /usr/bin/printenv }
  secretRefs: [{ name: TOKEN, source: { secretKeyRef: { name: login, key: password } } }]
`
const digestOf = (variable: string): string => `$(printf %s "${variable}" | sha256sum | cut -c 1-64)`
const REPORT = `echo "$1: shell has ${digestOf('$PASSWORD')}, printenv has ${digestOf('$(printenv TOKEN)')}"`
const ENTRYPOINT = `report() { ${REPORT}; }; trap 'report hup' HUP; report start; while :; do sleep 1 & wait; done`
const SUBMITTED: Pod = {
  metadata: { name: 'rotating', namespace: 'test', annotations: { 'kernelseal.io/bindings': CONFIG } },
  spec: {
    containers: [
      { name: 'app', image: 'app', command: ['/bin/bash', '-c', ENTRYPOINT] },
      {
        name: 'intruder',
        image: 'app',
        command: ['sleep', 'infinity'],
        securityContext: { privileged: true },
      },
    ],
  },
}

const secret = (): string => `rotated-${randomBytes(16).toString('hex')}`
const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
const secrets = (password: string) => ({ login: { password } })
const [OLD, NEW] = [secret(), secret()]
let spec: Pod
let pod: RunningPod

before(async () => {
  spec = admit(SUBMITTED)
  pod = await startPod(spec, { images: testImages, secrets: secrets(OLD) })
})

const appLog = (): string => pod.container('app').log()
const agentLog = (): string => pod.container(AGENT_CONTAINER).log()
const times = (text: string, line: RegExp): number => text.split('\n').filter((l) => line.test(l)).length

/** The Pod's annotations, changed as `kubectl annotate` would. */
function annotate(more: Record<string, string>): void {
  spec = { ...spec, metadata: { ...spec.metadata, annotations: { ...spec.metadata.annotations, ...more } } }
  pod.update(spec, secrets(NEW))
}

const readEnviron = () => pod.container('intruder').exec(['cat', `/proc/${pod.container('app').podPid}/environ`])

async function metric(line: string): Promise<number> {
  const text = await (await fetch('http://127.0.0.1:9090/metrics')).text()
  return Number(
    text
      .split('\n')
      .find((l) => l.startsWith(`${line} `))
      ?.slice(line.length + 1),
  )
}

test('after a swap of ..data a new process has the new value, the running one keeps its own and gets SIGHUP', async () => {
  await eventually('the first report', () => appLog().includes('start: shell has'))
  assert.match(appLog(), new RegExp(`start: shell has ${digest(OLD)}, printenv has ${digest(OLD)}`))
  pod.update(spec, secrets(NEW))
  await eventually('the report after SIGHUP', () => appLog().includes('hup: shell has'))
  assert.match(appLog(), new RegExp(`hup: shell has ${digest(OLD)}, printenv has ${digest(NEW)}`))
  assert.equal(await metric('kernelseal_rotations_total{outcome="rotated"}'), 1)
  assert.equal((await metric('kernelseal_sealed_processes_by_generation{generation="stale"}')) > 0, true)
})

test('a value that no variable can have changes nothing, is said once for each variable, and counted', async () => {
  pod.update(spec, secrets('a\0b'))
  await eventually('the refusals', () => times(agentLog(), /contains a NUL byte/) >= 2)
  assert.match(agentLog(), /binding `entrypoint`, variable `PASSWORD`: .*contains a NUL byte.*the value it had stays/)
  assert.equal(times(agentLog(), /contains a NUL byte/), 2)
  // The page is made once a second at most, and was asked for just now.
  await sleep(1_000)
  assert.ok((await metric('kernelseal_rotations_total{outcome="kept"}')) >= 1)
  assert.equal(await metric('kernelseal_rotations_total{outcome="rotated"}'), 1)
  pod.update(spec, secrets(NEW))
})

test('mode enforce becomes audit without a restart, and the change is called weaker', async () => {
  assert.match(readEnviron().stderr, /Operation not permitted/)
  annotate({ 'kernelseal.io/mode': 'audit' })
  await eventually('the change', () => agentLog().includes('Policy applied: mode=audit, generation'))
  assert.match(agentLog(), /"level":"warn".*protection is weaker from now on: `mode` from enforce to audit/)
  assert.ok(readEnviron().stdout.includes(OLD))
})

test('annotations that cannot be used are refused once, and the policy stays', async () => {
  annotate({ 'kernelseal.io/mode': 'enforcd' })
  await eventually('the refusal', () => agentLog().includes('the new policy is refused'))
  assert.match(agentLog(), /kernelseal\.io\/mode: is `enforcd`, must be .*did you mean `enforce`/)
  assert.ok(readEnviron().stdout.includes(OLD))
  annotate({ 'kernelseal.io/mode': 'enforce' })
  await eventually('enforce again', () => agentLog().includes('Policy applied: mode=enforce, generation'))
  assert.match(readEnviron().stderr, /Operation not permitted/)
  assert.equal(times(agentLog(), /the new policy is refused/), 1)
})

test('on a host, an agent that starts anew tells those whose values changed meanwhile; SIGHUP reloads its file', async () => {
  await pod?.stop()
  writeFileSync('/run/token', 'first')
  const config = (mode: string) => `
version: v1
policy: { mode: ${mode} }
secrets:
  - name: shell
    selector: { binary: /usr/bin/bash }
    onRotate: { signal: SIGHUP }
    secretRefs: [{ name: TOKEN, source: { fileRef: /run/token } }]
`
  const first = await startAgent({ config: config('enforce') })
  const script = `trap 'echo hup $TOKEN' HUP; echo ready $TOKEN; while :; do sleep 1 & wait; done`
  const shell = spawn('/usr/bin/bash', ['-c', script], { env: { ...process.env, ...first.placeholders } })
  const output: string[] = []
  shell.stdout.on('data', (chunk) => output.push(String(chunk)))
  await eventually('the value', () => output.join('').includes('ready first'))
  process.kill(first.pid, 'SIGKILL')
  writeFileSync('/run/token', 'second')
  const second = await startAgent({ config: config('enforce') })
  await eventually('SIGHUP from the new agent', () => output.join('').includes('hup first'))
  writeFileSync(second.config, config('audit'))
  process.kill(second.pid, 'SIGHUP')
  await eventually('the policy of the file', () => second.log().includes('Policy applied: mode=audit, generation'))
  assert.equal(times(output.join(''), /hup/), 1)
  assert.doesNotMatch(second.log(), /before this start/)
  writeFileSync(second.config, config('enforce'))
  process.kill(second.pid, 'SIGHUP')
  await eventually('the policy of the file', () => second.log().includes('Policy applied: mode=enforce, generation'))
  process.kill(second.pid, 'SIGKILL')
  const third = await startAgent({ config: config('disabled').replace('name: shell', 'name: other') })
  assert.match(third.log(), /protection is weaker than before this start: .*`mode` from enforce to disabled/)
  assert.match(third.log(), /bindings are other than before this start: other/)
  assert.equal(await third.metric('kernelseal_policy_changes_total{outcome="weakened"}'), 1)
  shell.kill('SIGKILL')
  await third.stop()
})
