/** What a change of policy takes away from protection. Pure: the agent compares what stands with what is asked for. */
import { isDeepStrictEqual } from 'node:util'
import { quote } from './suggest.ts'
import type { Binding, Config, Policy, Selector } from './types.ts'

/** From weakest to strongest. */
const MODES = ['disabled', 'audit', 'enforce'] as const
const CHILDREN = ['inherit', 'scrub', 'deny'] as const
const BLOCKS = ['blockEnviron', 'blockMem', 'blockMaps', 'blockPtrace'] as const

/** One phrase for each thing that becomes weaker; empty when nothing does. Who else is given values counts too. */
export function weakenings(before: Config, after: Config): string[] {
  const failure = before.onFailure === 'kill' && after.onFailure === 'start'
  return [
    ...weakerPolicy(before.policy, after.policy),
    ...(failure ? ['`onFailure` from kill to start'] : []),
    ...after.secrets.flatMap((binding) => weakerBinding(binding, before.secrets)),
  ]
}

function weakerPolicy(before: Policy, after: Policy): string[] {
  const mode = MODES.indexOf(after.mode) < MODES.indexOf(before.mode)
  return [
    ...(mode ? [`\`mode\` from ${before.mode} to ${after.mode}`] : []),
    ...BLOCKS.filter((name) => before[name] && !after[name]).map((name) => `\`${name}\` off`),
    ...(!before.allowSelfRead && after.allowSelfRead ? ['`allowSelfRead` on'] : []),
  ]
}

function weakerBinding(binding: Binding, before: readonly Binding[]): string[] {
  const earlier = before.find(({ name, retired }) => name === binding.name && !retired)
  const said = earlier
    ? [...weakerSelector(earlier.selector, binding.selector), ...otherValues(earlier, binding)]
    : ['is new, and gives values']
  return said.map((text) => `binding ${quote(binding.name)} ${text}`)
}

/** What a program is given besides, or from elsewhere: a Secret of the Pod that another container has, or a file of the agent. */
function otherValues(before: Binding, after: Binding): string[] {
  return after.secretRefs.flatMap(({ name, source }) => {
    const earlier = before.secretRefs.find((ref) => ref.name === name)
    if (earlier === undefined) return [`gives \`${name}\` as well`]
    return isDeepStrictEqual(earlier.source, source) ? [] : [`takes \`${name}\` from elsewhere`]
  })
}

function weakerSelector(before: Selector, after: Selector): string[] {
  const moved = before.binary !== after.binary || before.container !== after.container
  const verify = before.verify !== undefined && before.verify !== after.verify
  return [
    ...(moved ? ['gives its values to another program or container'] : []),
    ...(before.lineage === 'workload' && after.lineage === 'any' ? ['gives its values to visitors'] : []),
    ...(CHILDREN.indexOf(after.children) < CHILDREN.indexOf(before.children)
      ? [`has \`children\` from ${before.children} to ${after.children}`]
      : []),
    ...(verify ? ['verifies its program otherwise'] : []),
    ...(before.withoutPlaceholder !== 'add' && after.withoutPlaceholder === 'add'
      ? ['adds its values without a placeholder']
      : []),
  ]
}
