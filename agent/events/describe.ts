/** An event as one line in the 1.x format and as fields for machines. No value of a secret is in reach here. */
import type { Binding } from '../policy/types.ts'
import { DETAILS, REASONS, type Way } from '../wire/constants.ts'
import type { AccessEvent, FailEvent, KernelEvent, Task } from '../wire/event.ts'
import { isInPassing } from './passing.ts'

export interface Line {
  readonly level: 'info' | 'warn' | 'error'
  /** `EXEC`, `INJECT`, `LSM BLOCKED`, ... */
  readonly tag: string
  readonly text: string
  readonly fields: Readonly<Record<string, unknown>>
  /** Absent: it stands for itself, as a delivery does, which is told of each process. */
  readonly alike?: Alike
}

/** Lines that agree in both say the same again (`repeats.ts`). No PID of the actor: each try may have its own. */
export interface Alike {
  /** The kind of event: of a closed set. */
  readonly what: string
  /** The acting program and its target: as many as an attacker likes. */
  readonly who: string
  /** Daily work (passing.ts): one line an hour for each tool, and how often. */
  readonly passing?: true
}

/** @param bindings of the scope, in the order of their numbers */
export function describe(event: KernelEvent, bindings: readonly Binding[]): Line[] {
  switch (event.kind) {
    case 'exec': {
      const { actor, file, cgroup, parentPid } = event
      const binary = file.slice(file.lastIndexOf('/') + 1)
      const text = `PID=${actor.pid} PPID=${parentPid} Comm=${actor.comm} File=${file} Binary=${binary} CgroupID=${cgroup}`
      return [{ level: 'info', tag: 'EXEC', text, fields: { event: 'exec', actor, file, parentPid, cgroup } }]
    }
    case 'inject': {
      const { actor, file, values, duration } = event
      const names = namesOf(event.bindings, bindings)
      const fields = { actor, file, bindings: names.bindings, variables: names.variables, values, durationNs: duration }
      return [
        {
          level: 'info',
          tag: 'PROTECT',
          text: `PID ${actor.pid} marked as protected`,
          fields: { event: 'protect', actor },
        },
        {
          level: 'info',
          tag: 'INJECT',
          text: `Secrets injected into PID ${actor.pid}: [${names.variables.join(' ')}]`,
          fields: { event: 'inject', ...fields },
        },
      ]
    }
    case 'fail':
      return [failure(event, bindings)]
    case 'access':
      return [access(event)]
    case 'scrub': {
      const { actor, file, values } = event
      const text = `${values} values taken from PID ${actor.pid} (${file}), started by a sealed program`
      const alike = { what: 'scrub', who: file }
      return [{ level: 'info', tag: 'SCRUB', text, fields: { event: 'scrub', actor, file, values }, alike }]
    }
    case 'odd':
      return [odd(event.actor, event.file, namesOf(event.bindings, bindings).bindings)]
    case 'write':
    case 'wait':
      return []
    case 'unknown':
      return [{ level: 'warn', tag: 'EVENT', text: `unknown event kind ${event.number}`, fields: { event: 'unknown' } }]
  }
}

/** @param text the string's beginning, as the program's environment has it: an attacker's, so that only a name is repeated */
function odd(actor: Task, text: string, of: readonly string[]): Line {
  const variable = /^([A-Za-z_]\w*)=/.exec(text)?.[1] ?? '(no name)'
  const binding = of.map((name) => `\`${name}\``).join(', ')
  return {
    level: 'warn',
    tag: 'PLACEHOLDER',
    text: `PID ${actor.pid} (${actor.comm}) has a placeholder of binding ${binding} in \`${variable}\`, which it is not the value of: it stays as it is; a value that is made of others is a \`template\` of the binding`,
    fields: { event: 'placeholder', actor, variable, bindings: of },
    alike: { what: 'odd placeholder', who: `${actor.comm} ${variable}` },
  }
}

function failure(event: FailEvent, bindings: readonly Binding[]): Line {
  const { actor, file, reason, error, action } = event
  const names = namesOf(event.bindings, bindings)
  const why = REASONS.find(([label]) => label === reason)?.[1] ?? reason
  const number = error ? ` (errno ${-error})` : ''
  const what = action === 'killed' ? 'killed before it ran' : 'started with its placeholders'
  const of = names.bindings.map((b) => `\`${b}\``).join(', ')
  const text = `PID ${actor.pid} (${file}) ${what}: ${why}${number}; binding ${of}`
  const fields = { event: 'fail', actor, file, reason, error, action, bindings: names.bindings }
  const alike = { what: `delivery ${action}, ${reason}`, who: `${file} ${names.bindings}` }
  return { level: action === 'killed' ? 'error' : 'warn', tag: 'FAIL', text, fields, alike }
}

const TAGS = {
  blocked: 'LSM BLOCKED',
  audited: 'LSM AUDIT',
  allowed: 'LSM ALLOWED',
  killed: 'LSM',
  started: 'LSM',
} as const

function access(event: AccessEvent): Line {
  const { actor, target, way, action, detail } = event
  const whom = target.pid ? `to PID=${target.pid} (${target.comm})` : 'to the node'
  const fields = { event: 'access', action, way, actor, target, detail }
  const by = `${actor.comm} ${actor.uid} ${actor.lineage}`
  const alarm = { what: `${way} access ${action}`, who: `${by} ${target.start}` }
  const passing = isInPassing(event)
  return {
    level: action === 'blocked' && !passing ? 'warn' : 'info',
    tag: TAGS[action],
    text: `PID=${actor.pid} attempted ${way} access ${whom}, by ${actor.comm}${kindOf(way, detail)}`,
    fields: passing ? { ...fields, passing } : fields,
    alike: passing ? { what: `${alarm.what} in passing`, who: by, passing } : alarm,
  }
}

/** What it was after, where the way alone does not say. */
function kindOf(way: Way, detail: number): string {
  const kind = DETAILS[way]?.[detail]
  return kind ? `: ${kind}` : ''
}

function namesOf(set: bigint, bindings: readonly Binding[]): { bindings: string[]; variables: string[] } {
  const chosen = bindings.filter((_, i) => set & (1n << BigInt(i)))
  const variables = new Set(chosen.flatMap((b) => b.secretRefs.map((ref) => ref.name)))
  return { bindings: chosen.map((b) => b.name), variables: [...variables] }
}
