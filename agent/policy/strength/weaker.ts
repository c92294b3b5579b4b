/**
 * The losses of protection, or of its visibility, through a change of policy. Pure: the agent compares the policy in
 * force with the requested one. Each of the tables has a row for every key of its type, or does not compile.
 */
import { isDeepStrictEqual } from 'node:util'
import { quote } from '../text/suggest.ts'
import type { Binding, Config, SecretRef, Selector } from '../types.ts'
import { WEAKER_MONITORING, WEAKER_POLICY } from './policy-table.ts'
import { another, harmless, lower, type Weaker, weakerKeys } from './row.ts'

/** One phrase for each thing that becomes weaker; empty when nothing does. A new receiver of values counts too. */
export function weakenings(before: Config, after: Config): string[] {
  return Object.values(WEAKER_CONFIG).flatMap((part) => part(before, after))
}

type Part = (before: Config, after: Config) => string[]

const WEAKER_CONFIG: { readonly [Key in keyof Config]-?: Part } = {
  // There is one version.
  version: () => [],
  policy: (before, after) => weakerKeys(WEAKER_POLICY, before.policy, after.policy),
  onFailure: (before, after) =>
    before.onFailure === 'kill' && after.onFailure === 'start' ? ['`onFailure` from kill to start'] : [],
  secrets: (before, after) => weakerBindings(inForce(before.secrets), inForce(after.secrets)),
  monitoring: (before, after) => weakerKeys(WEAKER_MONITORING, before.monitoring, after.monitoring),
  allowDebug: (before, after) => (!before.allowDebug && after.allowDebug ? ['`allow-debug` on'] : []),
}

/** A retired binding is one that the configuration no longer has. */
const inForce = (bindings: readonly Binding[]): Binding[] => bindings.filter(({ retired }) => !retired)

/** Those of the phrases that tell of bindings and variables beside the earlier ones. */
export function additions(before: Config, after: Config): string[] {
  const earlier = inForce(before.secrets)
  return inForce(after.secrets).flatMap((binding) => {
    const known = earlier.find(({ name }) => name === binding.name)
    return say(binding, known ? added(known.secretRefs, binding.secretRefs).map(alsoGives) : [IS_NEW])
  })
}

const say = ({ name }: Binding, texts: readonly string[]) => texts.map((text) => `binding ${quote(name)} ${text}`)
const IS_NEW = 'is new, and gives values'
const alsoGives = ({ name }: SecretRef): string => `gives \`${name}\` as well`
const added = (before: readonly SecretRef[], after: readonly SecretRef[]): SecretRef[] =>
  after.filter(({ name }) => !before.some((ref) => ref.name === name))

function weakerBindings(before: readonly Binding[], after: readonly Binding[]): string[] {
  const gone = before.filter(({ name }) => !after.some((binding) => binding.name === name))
  return [
    ...after.flatMap((binding) => {
      const earlier = before.find(({ name }) => name === binding.name)
      return say(binding, earlier ? weakerKeys(WEAKER_BINDING, earlier, binding) : [IS_NEW])
    }),
    ...gone.flatMap((binding) => say(binding, ['is gone, and its programs start unsealed'])),
  ]
}

const WEAKER_SELECTOR: { readonly [Key in keyof Selector]-?: Weaker<Selector[Key]> } = {
  binary: another('gives its values to another program'),
  container: another('gives its values to another container'),
  lineage: (before, after) => (before !== 'any' && after === 'any' ? 'gives its values to visitors' : undefined),
  children: lower('children', ['inherit', 'scrub', 'deny']),
  verify: (before, after) => (before && before !== after ? 'verifies its program otherwise' : undefined),
  libraries: (before, after) => (before !== 'any' && after === 'any' ? 'lets any library be loaded' : undefined),
  withoutPlaceholder: (before, after) =>
    before !== 'add' && after === 'add' ? 'adds its values without a placeholder' : undefined,
  // These three do not narrow the selection in this version.
  labels: harmless,
  namespace: harmless,
  cgroupPath: harmless,
}

const WEAKER_REF: { readonly [Key in keyof SecretRef]-?: Weaker<SecretRef[Key]> } = {
  // References are compared by it.
  name: harmless,
  source: another('from elsewhere'),
  // A value that does not fit is not delivered at all.
  capacity: harmless,
}

const WEAKER_BINDING: { readonly [Key in keyof Binding]-?: Weaker<Binding[Key]> } = {
  // Bindings are compared by it.
  name: harmless,
  selector: (before, after) => weakerKeys(WEAKER_SELECTOR, before, after),
  secretRefs: weakerRefs,
  // A signal or an end that a program did not have to expect: SIGUSR1 opens a debugging door in some runtimes.
  onRotate: (before, after) =>
    after === undefined || isDeepStrictEqual(before, after) ? undefined : 'has another `onRotate`',
  // Set by the agent alone.
  retired: harmless,
}

/**
 * Values a program is given besides, or from elsewhere: a Secret of the Pod that another container has, or a file of
 * the agent.
 */
function weakerRefs(before: readonly SecretRef[], after: readonly SecretRef[]): string[] {
  const more = after.flatMap((ref) => {
    const earlier = before.find(({ name }) => name === ref.name)
    if (earlier === undefined) return [alsoGives(ref)]
    return weakerKeys(WEAKER_REF, earlier, ref).map((phrase) => `takes \`${ref.name}\` ${phrase}`)
  })
  const gone = before.filter(({ name }) => !after.some((ref) => ref.name === name))
  return [...more, ...gone.map(({ name }) => `no longer seals \`${name}\``)]
}
