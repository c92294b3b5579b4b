/** Small requests that ask for much work or much memory. Each ended or stalled a replica before there were limits on the way. */

const UID = '705ab4f5-6393-11e8-b7cc-42010a800002'

export const times = (count: number, of: (index: number) => string, separator = ','): string =>
  Array.from({ length: count }, (_, index) => of(index)).join(separator)

export function reviewOf(object: string): string {
  const kind = '{"group":"","version":"v1","kind":"Pod"}'
  const request = `"uid":"${UID}","kind":${kind},"operation":"CREATE","namespace":"shop","object":${object}`
  return `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{${request}}}`
}

export function pod(annotations: Record<string, string>, env: readonly object[] = [], more: object = {}): string {
  const spec = { containers: [{ name: 'app', image: 'app', env }], ...more }
  return reviewOf(JSON.stringify({ metadata: { name: 'bomb', annotations }, spec }))
}

export const key = (name: string) => `kernelseal.io/${name}`
export const secret = { name: 'S', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }

/**
 * Sixteen doublings of four characters are 256 KiB; each of 5,000 more variables then takes as much as fits a
 * placeholder.
 */
function expansion(): string {
  const doubling = Array.from({ length: 14 }, (_, i) => ({ name: `D${i + 1}`, value: `$(D${i})$(D${i})` }))
  const uses = Array.from({ length: 5000 }, (_, i) => ({ name: `U${i}`, value: '$(S)$(D14)' }))
  return pod({ [key('seal-env')]: 'true' }, [secret, { name: 'D0', value: 'xxx' }, ...doubling, ...uses])
}

/** As before, of values that are never sealed themselves. */
function plainExpansion(): string {
  const doubling = Array.from({ length: 14 }, (_, i) => ({ name: `D${i + 1}`, value: `$(D${i})$(D${i})` }))
  const uses = Array.from({ length: 5000 }, (_, i) => ({ name: `U${i}`, value: 'y$(D14)' }))
  return pod({ [key('seal-env')]: 'true' }, [secret, { name: 'D0', value: 'xxx' }, ...doubling, ...uses])
}

/** A list of broken variables, repeated by aliases, each of which is an error with a place and a hint. */
function aliases(): string {
  const refs = `refs: &r [${times(3000, () => '{nam: A}')}]`
  const bindings = times(100, (i) => `{name: b${i}, secretRefs: *r}`)
  return pod({ [key('bindings')]: `{${refs}, secrets: [${bindings}]}` })
}

/** Nine levels of nine aliases each: 387 million values. */
function laughs(): string {
  const levels = times(9, (i) => `l${i + 1}: &l${i + 1} [${times(9, () => `*l${i}`)}]`)
  return pod({ [key('bindings')]: `{l0: &l0 [a], ${levels}, secrets: *l9}` })
}

/** Each template refers to all the others. */
function templates(count = 220): string {
  const names = Array.from({ length: count }, (_, i) => `T${i}`)
  const refs = names.map((name, at) => {
    const others = names.slice(at + 1).map((other) => `$(${other})`)
    return { name, source: at + 1 === count ? { value: 'x' } : { template: others.join('') } }
  })
  return pod({ [key('bindings')]: JSON.stringify([{ name: 'a', secretRefs: refs }]) })
}

/** 20,000 references to variables that are not there, each with 250 candidates for a hint. */
function unknownReferences(): string {
  const refs = Array.from({ length: 250 }, (_, i) => ({
    name: `VARIABLE_${i}_OF_SOME_LENGTH`,
    source: { secretKeyRef: { name: 'e', key: 'e' } },
  }))
  const template = { name: 'T', source: { template: times(12_000, (i) => `$(VARIABLE_${i}_)`, '') } }
  return pod({ [key('bindings')]: JSON.stringify([{ name: 'a', secretRefs: [...refs, template] }]) })
}

const repeated = (key: string, text: string, length: number) =>
  pod({ [key]: text.repeat(Math.floor(length / text.length)) })

const SIZE = 250_000

export const BOMBS: Readonly<Record<string, () => string>> = {
  'composed values that double': expansion,
  'composed values that double and stay in the open': plainExpansion,
  'aliases to a list of errors': aliases,
  'aliases to aliases': laughs,
  'templates of each other': () => templates(),
  'references to nothing': unknownReferences,
  'a list of nothing': () => repeated(key('bindings'), 'a: 1\n- ', SIZE),
  'a flow list of commas': () => pod({ [key('bindings')]: `[${times(SIZE / 2, () => '1')}]` }),
  'opening brackets': () => repeated(key('bindings'), '[', SIZE),
  'opening braces': () => repeated(key('bindings'), '{a: ', SIZE),
  'question marks': () => repeated(key('bindings'), '? ', SIZE),
  dashes: () => repeated(key('bindings'), '- ', SIZE),
  anchors: () => repeated(key('bindings'), '&a ', SIZE),
  'anchored items': () => repeated(key('bindings'), '- &a x\n', SIZE),
  tags: () => repeated(key('bindings'), '!!str ', SIZE),
  'quotes that never close': () => repeated(key('bindings'), '"\\', SIZE),
  'block scalars': () => repeated(key('bindings'), '- |\n   x\n', SIZE),
  'long lines of spaces': () => repeated(key('bindings'), `${' '.repeat(1000)}\n`, SIZE),
  'plain text over many lines': () => repeated(key('bindings'), 'a b\n', SIZE),
  'documents without end': () => repeated(key('bindings'), '--- a\n', SIZE),
  comments: () => repeated(key('bindings'), '#\n', SIZE),
  directives: () => repeated(key('bindings'), '%TAG ! a\n', SIZE),
  'mistyped keys': () =>
    pod(Object.fromEntries(Array.from({ length: 9000 }, (_, i) => [`kernelseal.io/bindinx${i}`, 'x']))),
  'short forms': () =>
    pod(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`secret.kernelseal.io/V${i}`, 'secret/a/b']))),
  'broken short forms': () =>
    pod(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`secret.kernelseal.io/V ${i}`, 'x']))),
  'unknown keys in a mapping': () => pod({ [key('bindings')]: `{${times(8000, (i) => `secretz${i}: 1`)}}` }),
  'one bound variable again and again': () => {
    const bindings = Array.from({ length: 63 }, (_, i) => ({
      name: `b${i}`,
      selector: { binary: `/b${i}` },
      secretRefs: Array.from({ length: 4 }, (_, j) => ({
        name: `V${j}`,
        source: { secretKeyRef: { name: 's', key: 'k' } },
      })),
    }))
    const env = Array.from({ length: 20_000 }, () => ({ name: 'V0', valueFrom: secret.valueFrom }))
    return pod({ [key('bindings')]: JSON.stringify(bindings) }, env)
  },
  'words of seal-env': () => pod({ [key('seal-env')]: times(60_000, (i) => `c${i}`) }, [secret]),
  'containers of one variable each': () => {
    const containers = Array.from({ length: 256 }, (_, i) => ({ name: `c${i}`, image: 'x' }))
    const secretRefs = Array.from({ length: 42 }, (_, i) => ({
      name: `V${i}`,
      source: { secretKeyRef: { name: 's', key: 'k' } },
      capacity: 96,
    }))
    return pod({ [key('bindings')]: JSON.stringify([{ name: 'a', secretRefs }]) }, [], { containers })
  },
  'names like those of Services': () =>
    pod({ [key('seal-env')]: 'true' }, [
      secret,
      { name: 'D', value: `$(S)$(${'_SERVICE_PORT'.repeat(250_000)}x)` },
      { name: 'E', value: `$(S)$(${'_PORT_1_TCP'.repeat(250_000)}x)` },
    ]),
  'an agent of many members': () => {
    const members = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`m${i}`, i]))
    const status = { version: 'v1', nonce: '0'.repeat(32), hash: '0'.repeat(64), containers: [] }
    const annotations = { 'secret.kernelseal.io/T': 'secret/a/b', [key('status')]: JSON.stringify(status) }
    return pod(annotations, [], { initContainers: [{ name: 'kernelseal-agent', ...members }] })
  },
  'words of containers': () =>
    pod({ [key('containers')]: times(60_000, (i) => `c${i}`), 'secret.kernelseal.io/T': 'secret/a/b' }),
  'words of capacity': () =>
    pod({ [key('capacity')]: times(20_000, (i) => `V${i}=200`), 'secret.kernelseal.io/T': 'secret/a/b' }),
  'Secrets taken whole': () => {
    const envFrom = Array.from({ length: 60_000 }, (_, i) => ({ prefix: `P${i}_`, secretRef: { name: 's' } }))
    const keys = `s=${times(250, (i) => `k${i}`)},my-key`
    const containers = [{ name: 'app', envFrom }]
    return pod({ [key('seal-env')]: 'true', [key('seal-env-from')]: keys }, [], { containers })
  },
  'a shell text of variables': () => {
    const text = '$S$S '.repeat(500_000)
    const containers = [{ name: 'app', env: [secret], command: ['sh', '-c', text] }]
    return pod({ [key('seal-env')]: 'true' }, [], { containers })
  },
  'words for process 1': () => {
    const containers = [{ name: 'app', env: [secret], command: ['sh', '-c', 'kill -kill '.repeat(200_000)] }]
    return pod({ [key('seal-env')]: 'true' }, [], { containers })
  },
  'volumes and mounts of a bound Secret': () => {
    const volumes = Array.from({ length: 20_000 }, (_, i) => ({ name: `v${i}`, secret: { secretName: 's' } }))
    const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }))
    const containers = [{ name: 'app', env: [secret], volumeMounts }]
    return pod({ [key('seal-env')]: 'true' }, [], { containers, volumes })
  },
  'deep JSON': () => reviewOf(`${'['.repeat(3_500_000)}${']'.repeat(3_500_000)}`),
  'deep JSON without end': () => reviewOf('[{"a":'.repeat(1_100_000)),
  'lists of nothing': () => reviewOf(`[${times(2_300_000, () => '[]')}]`),
  'mappings of nothing': () => reviewOf(`[${times(2_300_000, () => '{}')}]`),
  'the most values there may be': () => reviewOf(`[${times(249_000, () => '{}')}]`),
  numbers: () => reviewOf(`[${times(3_500_000, () => '1')}]`),
}
