/** Bombs that are Pods no API server would keep, in which one part is much too long, or there are too many of one kind. */
import { key, pod, reviewOf, secret, times } from './bombs.ts'

const list = <Item>(length: number, of: (index: number) => Item): Item[] =>
  Array.from({ length }, (_, index) => of(index))
const reference = (name: string) => ({ name, valueFrom: secret.valueFrom })
const bound = { 'secret.kernelseal.io/T': 'secret/a/b' }
const LONG = 'c'.repeat(100_000)

/** Numbers that V8 (ComputeUnseededHash) puts into one bucket of a table of up to 2^16. */
const ofOneBucket = (): readonly number[] => list(60_000, (n) => numberOf(n * 2 ** 16 + 5))

/** That hash backwards: each of its steps can be undone, the multiplications by 2057, 5 and 2^15 - 1 with their inverses modulo 2^32. */
function numberOf(hash: number): number {
  let number = hash ^ (hash >>> 16)
  number = Math.imul(number, 3369993785)
  for (const shift of [4, 8, 16]) number ^= number >>> shift
  number = Math.imul(number, 3435973837)
  number ^= (number >>> 12) ^ (number >>> 24)
  return Math.imul(number + 1, 3221192703) >>> 0
}

/** Each value is given up beyond 64 KiB, and copied until then. */
function unknownExpansions(): string {
  const uses = list(45_000, () => ({ name: 'b', value: '$(A)$(A)$(A)$(A)' }))
  return pod({ [key('seal-env')]: 'true' }, [secret, { name: 'A', value: '$a'.repeat(16_000) }, ...uses])
}

/** As many as are looked at. */
function fewerUnknownExpansions(): string {
  const uses = list(16_000, () => ({ name: 'b', value: '$(A)$(A)$(A)$(A)' }))
  return pod({ [key('seal-env')]: 'true' }, [secret, { name: 'A', value: '$a'.repeat(16_000) }, ...uses])
}

function boundIn(containers: number, variables: number): string {
  const secretRefs = list(variables, (i) => ({ name: `V${i}`, source: secret.valueFrom, capacity: 96 }))
  const named = list(containers, (i) => ({ name: `${LONG.slice(0, 20_000)}${String(i).padStart(3, '0')}` }))
  return pod({ [key('bindings')]: JSON.stringify([{ name: 'a', secretRefs }]) }, [], { containers: named })
}

/** 16,000 mounts of a volume with as many members as fit, which looks like the account's token. */
function tokenVolume(): string {
  const name = 'kube-api-access-x'
  const mount = { name, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true }
  const volumes = [{ name, ...Object.fromEntries(list(60_000, (i) => [`m${i.toString(36)}`, 1])) }]
  return pod(bound, [], { containers: [{ name: 'app', volumeMounts: list(16_000, () => mount) }], volumes })
}

/** 250 containers mount one volume of 100,000 items. */
function mountedItems(): string {
  const volumes = [
    { name: 'v', secret: { secretName: 's', items: list(100_000, (i) => ({ key: `x${i}`, path: 'p' })) } },
  ]
  const mounts = { volumeMounts: [{ name: 'v', mountPath: '/v' }] }
  const containers = list(250, (i) => ({ name: `c${i}`, ...(i === 0 ? { env: [secret] } : {}), ...mounts }))
  return pod({ [key('seal-env')]: 'true' }, [], { containers, volumes })
}

/** 16,000 times a Secret of which each key is sealed. */
function takenWhole(): string {
  const secretRefs = list(250, (i) => ({ name: `P${i}`, source: { secretKeyRef: { name: 's', key: `${i}` } } }))
  const containers = [{ name: 'app', envFrom: list(16_000, () => ({ prefix: 'P', secretRef: { name: 's' } })) }]
  return pod({ [key('bindings')]: JSON.stringify([{ name: 'a', secretRefs }]) }, [], { containers })
}

const maps = (member: string, of: (index: number) => string): string => {
  const annotations = `"annotations":{"secret.kernelseal.io/T":"secret/a/b"${member === 'labels' ? '' : `,${times(249_000, of)}`}}`
  const labels = member === 'labels' ? `,"labels":{${times(249_000, of)}}` : ''
  return reviewOf(`{"metadata":{${annotations}${labels}},"spec":{"containers":[{"name":"app"}]}}`)
}
const scattered = (index: number): number => (index * 245_489) % 4_294_967_291

const status = (text: string) =>
  pod({ [key('metrics-port')]: '1', [key('status')]: text }, [], { initContainers: [{ name: 'kernelseal-agent' }] })

export const PODS: Readonly<Record<string, () => string>> = {
  'values of others that are too long': unknownExpansions,
  'values of others that are too long, as many as may be': fewerUnknownExpansions,
  'secrets that stay open under strict, in a container of a long name': () =>
    pod({ [key('seal-env')]: 'strict' }, [], {
      containers: [{ name: LONG, env: list(4000, () => reference('a-')) }],
    }),
  'secrets that stay open under strict, of long names': () =>
    pod(
      { [key('seal-env')]: 'strict' },
      list(6000, () => reference(`${'a'.repeat(1000)}-`)),
    ),
  'open secrets in a container of a long name': () =>
    pod({ [key('seal-env')]: 'app' }, [], {
      containers: [
        { name: 'app', env: [secret] },
        { name: LONG, env: list(8000, (i) => reference(`x${i}`)) },
      ],
    }),
  'overridden secrets in a container of a long name': () => {
    const env = [...list(8000, (i) => reference(`x${i}`)), ...list(8000, (i) => ({ name: `x${i}`, value: 'v' }))]
    return pod({ [key('seal-env')]: 'true' }, [], { containers: [{ name: LONG, env }] })
  },
  'containers of long names': () => boundIn(43, 250),
  'more containers of long names': () => boundIn(250, 42),
  'ports of one bucket': () => {
    const ports = ofOneBucket().map((containerPort) => ({ containerPort, protocol: 'TCP' }))
    return pod(bound, [], { containers: [{ name: 'app', ports }] })
  },
  'all ports there are': () => {
    const ports = list(16_000, (i) => ({ containerPort: 65_535 - 4 * i, protocol: 'TCP' }))
    return pod(bound, [], { containers: [{ name: 'app', ports }] })
  },
  'numbers for names': () =>
    pod(
      bound,
      ofOneBucket().map((name) => ({ name })),
    ),
  'numbers for pull secrets': () => pod(bound, [], { imagePullSecrets: ofOneBucket().map((name) => ({ name })) }),
  'variables of long names': () =>
    pod({ [key('seal-env')]: 'true' }, [
      secret,
      ...list(420, (i) => ({ name: 'x'.repeat(16_000) + String(i).padStart(4, '0'), value: 'v' })),
    ]),
  'mounts of a volume with many members': tokenVolume,
  'mounts of a volume with many items': mountedItems,
  'a value of references to nothing': () =>
    pod({ [key('seal-env')]: 'true' }, [secret, { name: 'A', value: times(650_000, (i) => `$(a${i})`, '') }]),
  'a bound Secret taken whole again and again': takenWhole,
  'a status that opens': () => status('['.repeat(6_900_000)),
  'a status that closes': () => status('['.repeat(3_400_000) + ']'.repeat(3_400_000)),
  'annotations like indices': () => maps('annotations', (i) => `"${scattered(i)}":""`),
  'labels like indices': () => maps('labels', (i) => `"${scattered(i)}":""`),
  'labels like indices, escaped': () => maps('labels', (i) => `"\\u0031${scattered(i) % 300_000_000}":""`),
  labels: () => maps('labels', (i) => `"x${scattered(i)}":""`),
  'annotations that mean nothing': () => maps('annotations', (i) => `"x${scattered(i)}":""`),
}
