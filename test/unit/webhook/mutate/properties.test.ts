import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { placeholder } from '../../../../agent/policy/secrets/placeholder.ts'
import { AGENT_CONTAINER } from '../../../../agent/policy/sidecar.ts'
import { inject, patched } from '../fixtures.ts'

const NAMES = ['app', 'web', 'db', 'migrate', 'mesh'] as const
const VARIABLES = ['TOKEN', 'PGPASSWORD', 'API_KEY'] as const

// Two of the three appliers lose a member `__proto__`, which no API server keeps either.
const anything = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('__proto__'))
const env = fc.array(
  fc.record(
    { name: fc.constantFrom('HOME', 'MODE', 'LANG'), value: fc.string(), future: anything },
    { requiredKeys: ['name'] },
  ),
  { maxLength: 4 },
)
const container = (name: string) =>
  fc.record(
    { name: fc.constant(name), image: fc.string(), env: fc.option(env), future: anything },
    { requiredKeys: ['name'] },
  )
const volumes = fc.option(
  fc.array(fc.record({ name: fc.constantFrom('data', 'tmp'), emptyDir: fc.constant({}) }), { maxLength: 2 }),
)
const FORGED = placeholder('a'.repeat(32), 96)
const reference = fc.constantFrom('secret/api/token', 'secret/db.prod/password', 'secret/vault/x', 'secret/source/x')
const pod = fc
  .record({
    names: fc.shuffledSubarray([...NAMES], { minLength: 1 }),
    inits: fc.nat(4),
    short: fc.dictionary(fc.constantFrom(...VARIABLES), reference, { minKeys: 1, noNullPrototype: true }),
    mode: fc.option(fc.constantFrom('enforce', 'audit', 'disabled')),
    volumes,
    future: anything,
  })
  .chain(({ names, inits, short, mode, volumes, future }) => {
    const initNames = names.slice(0, Math.min(inits, names.length - 1))
    const annotations = Object.fromEntries(
      Object.entries(short).map(([name, ref]) => [`secret.kernelseal.io/${name}`, ref]),
    )
    return fc.record({
      metadata: fc.constant({
        future,
        annotations: mode === null ? annotations : { ...annotations, 'kernelseal.io/mode': mode },
      }),
      spec: fc.record({
        initContainers: fc.tuple(...initNames.map(container)),
        containers: fc.tuple(...names.slice(initNames.length).map(container)),
        volumes: fc.constant(volumes),
        future: fc.constant(future),
      }),
    })
  })
  // As it comes off the wire: plain objects, no `undefined`.
  .map((made) => JSON.parse(JSON.stringify(made)) as typeof made)

interface Result {
  metadata: { future: unknown; annotations: Record<string, string> }
  spec: { containers: Named[]; initContainers: Named[]; future: unknown }
}
interface Named {
  name: string
  future?: unknown
  env?: { name: string }[] | null
}

describe('any Pod with bindings', () => {
  it('is injected once: a second pass, with another nonce to give away, changes nothing', () => {
    fc.assert(
      fc.property(pod, (before) => {
        const outcome = inject(before)
        assert.equal(outcome.kind, 'inject')
        if (outcome.kind !== 'inject') return
        const after = patched(before, outcome.operations)
        const again = inject(after, 'f'.repeat(32))
        assert.deepEqual([again.kind, again.reason], ['inject', 'nothing-to-change'])
      }),
      { numRuns: 300 },
    )
  })

  it('keeps every field we do not know, and starts the agent first', () => {
    fc.assert(
      fc.property(pod, (before) => {
        const outcome = inject(before)
        if (outcome.kind !== 'inject') return assert.fail(outcome.kind)
        const after = patched(before, outcome.operations) as Result
        assert.deepEqual(after.metadata.future, before.metadata.future)
        assert.deepEqual(after.spec.future, before.spec.future)
        assert.equal(after.spec.initContainers[0]!.name, AGENT_CONTAINER)
        assert.deepEqual(stripped(after.spec.initContainers.slice(1)), stripped(before.spec.initContainers as Named[]))
        assert.deepEqual(stripped(after.spec.containers), stripped(before.spec.containers as Named[]))
      }),
      { numRuns: 300 },
    )
  })

  it('takes a number of operations that does not grow with its variables', () => {
    const env = Array.from({ length: 1500 }, (_, index) => ({ name: `V${index}`, value: 'x' }))
    const outcome = inject({
      metadata: { annotations: { 'secret.kernelseal.io/TOKEN': 'secret/t/t' } },
      spec: { containers: [{ name: 'app', env }] },
    })
    assert.equal(outcome.kind === 'inject' && outcome.operations.length, 8)
  })
})

/** Without the placeholders, and with `env` absent where nothing else was in it. */
function stripped(containers: readonly Named[]) {
  return containers.map(({ env, ...rest }) => {
    return { ...rest, env: (env ?? []).filter(({ name }) => !(VARIABLES as readonly string[]).includes(name)) }
  })
}

describe('a Pod that has passed through the API server', () => {
  const before = {
    metadata: { annotations: { 'secret.kernelseal.io/TOKEN': 'secret/a/b' } },
    spec: { containers: [{ name: 'app' }] },
  }
  const outcome = inject(before)
  assert.equal(outcome.kind, 'inject')
  interface Sidecar {
    [key: string]: unknown
    resources: { limits: Record<string, string> }
    securityContext: Record<string, unknown>
    volumeMounts: object[]
  }
  const injected = () =>
    patched(before, outcome.kind === 'inject' ? outcome.operations : []) as {
      metadata: { annotations: Record<string, string> }
      spec: { containers: object[]; initContainers: Sidecar[]; volumes: object[] }
    }

  it('with a token mounted and quantities rewritten still changes nothing', () => {
    const pod = injected()
    const agent = pod.spec.initContainers[0]!
    // As the plugin writes it, whole: a volume with a token alone would be the author's.
    const fieldRef = { apiVersion: 'v1', fieldPath: 'metadata.namespace' }
    const sources = [
      { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef }] } },
    ]
    pod.spec.volumes.push({ name: 'kube-api-access-x', projected: { sources } })
    agent.volumeMounts.push({
      name: 'kube-api-access-x',
      mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
      readOnly: true,
    })
    agent.resources.limits = { memory: '0.25Gi', cpu: '1' }
    assert.equal(inject(pod).reason, 'nothing-to-change')
  })

  it('and lost its placeholder, a volume and its place gets them back, with the same slots', () => {
    const whole = injected()
    const broken = injected()
    broken.spec.containers = [
      {
        name: 'app',
        env: [{ name: 'TOKEN', value: FORGED }],
      },
    ]
    broken.spec.volumes.splice(1, 1)
    broken.spec.initContainers.unshift({ name: 'mesh-init' } as never)
    const repair = inject(broken, 'f'.repeat(32))
    assert.equal(repair.kind, 'inject')
    const after = patched(broken, repair.kind === 'inject' ? repair.operations : []) as typeof whole
    assert.deepEqual(after.spec.containers, whole.spec.containers)
    assert.equal(after.spec.initContainers[0]!.name, AGENT_CONTAINER)
    assert.equal(after.spec.volumes.length, whole.spec.volumes.length)
  })

  it('and has the agent of another version of the webhook gets ours in its place', () => {
    const pod = injected()
    Object.assign(pod.spec.initContainers[0]!, { image: 'agent:older', imagePullPolicy: 'Never' })
    const repair = inject(pod)
    assert.deepEqual([repair.kind, repair.kind === 'inject' && repair.operations.length], ['inject', 1])
    const after = patched(pod, repair.kind === 'inject' ? repair.operations : []) as ReturnType<typeof injected>
    assert.deepEqual(after, injected())
  })

  it('and has the pull policy of the API server (AlwaysPullImages) keeps it', () => {
    const pod = injected()
    Object.assign(pod.spec.initContainers[0]!, { imagePullPolicy: 'Always' })
    const repair = inject(pod)
    assert.deepEqual(patched(pod, repair.kind === 'inject' ? repair.operations : []), pod)
    assert.deepEqual(repair.warnings, inject(injected()).warnings)
  })

  for (const [what, change] of [
    ['a command', { command: ['sh'] }],
    ['privileges', { securityContext: { privileged: true } }],
    ['an environment', { env: [{ name: 'LD_PRELOAD', value: '/x' }] }],
    ['a lifecycle hook', { lifecycle: { postStart: { exec: { command: ['sh'] } } } }],
    ['another mount', { volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
  ] as const) {
    it(`and gave the agent ${what} gets ours back, and is told so`, () => {
      const pod = injected()
      Object.assign(pod.spec.initContainers[0]!, change)
      const repair = inject(pod)
      assert.match(repair.warnings.join(), /the agent is put back: another webhook or version changed its `\w+`/)
      assert.deepEqual(patched(pod, repair.kind === 'inject' ? repair.operations : []), injected())
    })

    it(`and, without the record of a pass, has an agent with ${what} is refused`, () => {
      const pod = injected()
      Object.assign(pod.spec.initContainers[0]!, change)
      delete pod.metadata.annotations['kernelseal.io/status']
      assert.equal(inject(pod).reason, 'container-name-taken')
    })
  }
})
