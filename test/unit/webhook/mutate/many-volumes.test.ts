import assert from 'node:assert/strict'
import { it } from 'node:test'
import { deny } from '../../../../webhook/mutate/answer/outcome.ts'
import { tokenMountOf } from '../../../../webhook/mutate/pod/account-token.ts'
import type { Pod } from '../../../../webhook/mutate/pod/pod.ts'
import { inject } from '../fixtures.ts'

it('looks at each volume once, however many mounts have the shape of the token’s', () => {
  let looked = 0
  const volume = {
    get name() {
      looked++
      return 'a'
    },
  }
  const mount = { name: '-token-abcde', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true }
  const spec = {
    volumes: Array.from({ length: 1000 }, () => volume),
    containers: [{ name: 'app', volumeMounts: Array.from({ length: 1000 }, () => ({ ...mount })) }],
  }
  assert.equal(tokenMountOf({ metadata: {}, spec } as unknown as Pod, true), undefined)
  assert.ok(looked <= 2 * spec.volumes.length, `${looked} looks at 1,000 volumes for 1,000 mounts`)
})

it('looks at each volume once, however many Secrets are bound', () => {
  let looked = 0
  const volume = {
    get name() {
      looked++
      return 'a'
    },
  }
  const names = Array.from({ length: 60 }, (_, n) => [`secret.kernelseal.io/S${n}`, `secret/s${n}/k`])
  const volumes = Array.from({ length: 1000 }, () => volume)
  const pod = { metadata: { annotations: Object.fromEntries(names) }, spec: { volumes, containers: [{ name: 'app' }] } }
  assert.equal(inject(pod).kind, 'inject')
  assert.ok(looked <= 10 * volumes.length, `${looked} looks at 1,000 volumes`)
})

it('of two volumes of one name takes the first, as the API server’s plugin writes one', () => {
  const name = 'default-token-abcde'
  const mount = { name, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true }
  const token = { name, secret: { secretName: name } }
  const own = { name, emptyDir: {} }
  const pod = (volumes: object[]) =>
    ({ metadata: {}, spec: { volumes, containers: [{ name: 'app', volumeMounts: [mount] }] } }) as unknown as Pod
  assert.deepEqual(tokenMountOf(pod([token, own]), true), mount)
  assert.equal(tokenMountOf(pod([own, token]), true), undefined)
})

it('shows no more of an author’s name in a refusal than the answer takes', () => {
  const { message } = deny('bad-annotation', '\u00ad'.repeat(1_000_000))
  assert.ok(message.length < 8192 * 6 + 1024, String(message.length))
})
