/** Six other webhooks that write into every container, ours too, at a real API server: docs/operate/neighbours.md. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import {
  type Any,
  call,
  createPod,
  get,
  INJECTED,
  MINOR,
  makeNamespace,
  must,
  podsOf,
  until,
} from '../support/cluster/cluster.ts'
import { type Installation, install } from '../support/cluster/installation.ts'
import { agentOf, assertWhole, changedMembers, WRITES } from '../support/cluster/neighbours/agent.ts'
import { NEIGHBOURS, OLD_CLIENT } from '../support/cluster/neighbours/changes.ts'
import { asOldClientWritesIt } from '../support/cluster/neighbours/old-client.ts'
import { applyLastWord, askAgain, LAST_WORD } from '../support/cluster/neighbours/ours.ts'
import { openWebhooks, type StandInWebhooks } from '../support/cluster/neighbours/stand-in-webhooks.ts'
import { pod } from '../support/cluster/pods.ts'

const ANNOTATIONS = { 'kernelseal.io/seal-env': 'true' }
const env = [{ name: 'PGPASSWORD', valueFrom: { secretKeyRef: { name: 'db-credentials', key: 'password' } } }]
const readinessProbe = { httpGet: { path: '/ready', port: 8080 } }
const SPEC = { containers: [{ name: 'app', image: 'registry.example/app:1', env, readinessProbe }] }

const ALL = Object.keys(NEIGHBOURS)
const CAREFUL = ALL.filter((who) => who !== OLD_CLIENT)
/** Ours is `kernelseal`: those are asked before it, and after it but before the last word. */
const BEFORE = 'aa'
const AFTER = 'la'
const of = (place: string, neighbours = ALL) => neighbours.map((who) => `${place}-${who}`)

let webhook: Installation
let others: StandInWebhooks
/** The agent of a Pod that no other webhook has seen. */
let whole: Any
before(async () => {
  webhook = await install()
  await makeNamespace('shop', INJECTED)
  others = await openWebhooks(NEIGHBOURS)
  whole = agentOf((await admit('alone')).pod)
  assert.ok(whole)
})
after(async () => {
  await others.close()
  await call('DELETE', '/api/v1/namespaces/shop')
  await webhook.remove()
})

const create = (name: string, query = '') => createPod('shop', pod(name, ANNOTATIONS, structuredClone(SPEC)), query)

/** A Pod that is stored. */
async function admit(name: string): Promise<{ readonly pod: Any; readonly warnings: string }> {
  const answer = await create(name)
  must(answer, name)
  return { pod: await get(`${podsOf('shop')}/${name}`), warnings: answer.warnings.join('\n') }
}

/** A policy engine's word on pulling stays, so that it is not written again. */
const isPutBack = (member: string): boolean => member !== 'imagePullPolicy'

/** Those that were handed the Pod with our agent in it, and wrote the members they are known for, no others. */
function writersOf(name: string): string[] {
  const turns = others.turnsOf(name).filter((turn) => agentOf(turn.before) !== undefined)
  return turns.map((turn) => {
    // A second time some find all done.
    const members = changedMembers(agentOf(turn.before), agentOf(turn.after))
    if (members.length > 0) assert.deepEqual(members.filter(isPutBack), WRITES[turn.who]?.filter(isPutBack), turn.who)
    return members.length > 0 ? turn.who : ''
  })
}

const NAMED = [
  /put back: the EKS Pod identity webhook changed its `env`, `volumeMounts`$/m,
  /put back: Azure workload identity changed its `env`, `volumeMounts`$/m,
  /put back: another webhook or version changed its `image`/,
]

describe('six webhooks that write into every container', () => {
  it('all before ours: they do not see the agent', async () => {
    await others.configure(of(BEFORE), 'Never')
    const { pod, warnings } = await admit('before')
    assert.deepEqual(writersOf('before'), [])
    assertWhole(pod, whole)
    assert.doesNotMatch(warnings, /put back/)
  })

  it('all before ours and asked again: ours is asked again too, puts the agent back and names them', async () => {
    await others.configure(of(BEFORE), 'IfNeeded')
    const { pod, warnings } = await admit('before-again')
    const writers = writersOf('before-again')
    for (const who of ['eks', 'azure', 'policy', OLD_CLIENT]) assert.ok(writers.includes(who), who)
    assertWhole(pod, whole)
    for (const sentence of NAMED) assert.match(warnings, sentence)
  })

  it('all after ours: ours is asked again, puts the agent back and names them', async () => {
    await others.configure(of(AFTER), 'Never')
    const { pod, warnings } = await admit('after')
    const writers = writersOf('after')
    for (const who of ALL) assert.equal(writers.includes(who), WRITES[who]?.length !== 0, who)
    assertWhole(pod, whole)
    for (const sentence of [...NAMED, /put back: the Vault injector changed its `volumeMounts`$/m])
      assert.match(warnings, sentence)
  })

  it('all after ours, which is not asked again: the agent comes out changed, and without its `restartPolicy` not at all', async () => {
    await others.configure(of(AFTER, CAREFUL), 'Never')
    try {
      await askAgain('Never')
      const changed = await until('ours is asked once', async () => {
        const { body } = await create('once', '?dryRun=All')
        return !isDeepStrictEqual(agentOf(body), whole) && body
      })
      const members = ['env', 'image', 'imagePullPolicy', 'securityContext', 'volumeMounts']
      assert.deepEqual(changedMembers(agentOf(changed), whole), members)
      await others.configure(of(AFTER, [OLD_CLIENT]), 'Never')
      const { status, body } = await create('lost', '?dryRun=All')
      assert.equal(status, MINOR < 30 ? 201 : 403, body.message)
      if (MINOR >= 30) assert.match(body.message, /another one took its work away/)
      else assert.notDeepEqual(agentOf(body), whole)
    } finally {
      await askAgain('IfNeeded')
    }
  })

  it('all after ours and asked again: theirs is the last word, and without `restartPolicy` there is no Pod', async () => {
    await others.configure(of(AFTER, CAREFUL), 'IfNeeded')
    const { pod } = await admit('after-again')
    const members = ['env', 'image', 'imagePullPolicy', 'securityContext', 'volumeMounts']
    assert.deepEqual(changedMembers(agentOf(pod), whole), members)
    await others.configure(of(AFTER), 'IfNeeded')
    assert.equal((await create('lost-again', '?dryRun=All')).status, MINOR < 30 ? 201 : 403)
  })

  it('all after ours and asked again, with deploy/last-word: the agent is whole', async () => {
    await applyLastWord()
    await until('the API server trusts it', async () => (await create('trusted', '?dryRun=All')).status === 201)
    try {
      await others.configure(of(AFTER), 'IfNeeded')
      const { pod, warnings } = await admit('last')
      const writers = writersOf('last')
      for (const name of ['eks', 'azure', 'policy', OLD_CLIENT])
        assert.ok(writers.lastIndexOf(name) > writers.indexOf(name), `${name} has not written again`)
      assertWhole(pod, whole)
      for (const sentence of NAMED) assert.match(warnings, sentence)
    } finally {
      await call('DELETE', LAST_WORD)
    }
  })

  it('an update by an old client takes nothing from the agent', async () => {
    const stored = await get(`${podsOf('shop')}/after`)
    const before = structuredClone(agentOf(stored))
    asOldClientWritesIt(stored)
    assert.notDeepEqual(agentOf(stored), before)
    const { status } = await call('PUT', `${podsOf('shop')}/after`, stored)
    assert.equal(status, 422)
    assert.deepEqual(agentOf(await get(`${podsOf('shop')}/after`)), before)
  })
})
