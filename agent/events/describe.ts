/** An event as one line in the 1.x format and as fields for machines. No value of a secret is in reach here. */
import { constants } from 'node:os'
import type { Binding } from '../policy/types.ts'
import { DETAILS } from '../wire/constants.ts'
import type { AccessEvent, InjectEvent, KernelEvent, Task } from '../wire/event.ts'
import { bindingsIn, variablesIn } from './chosen.ts'
import { failure } from './failure.ts'
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
    case 'inject':
      return delivery(event, bindings)
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
      return [
        odd(
          event.actor,
          event.file,
          bindingsIn(event.bindings, bindings).map(({ name }) => name),
        ),
      ]
    case 'write':
    case 'wait':
      return []
    case 'unknown':
      return [{ level: 'warn', tag: 'EVENT', text: `unknown event kind ${event.number}`, fields: { event: 'unknown' } }]
  }
}

function delivery(event: InjectEvent, bindings: readonly Binding[]): Line[] {
  const { actor, file, values, duration } = event
  const chosen = bindingsIn(event.bindings, bindings)
  const variables = variablesIn(chosen)
  const names = chosen.map(({ name }) => name)
  const fields = { event: 'inject', actor, file, bindings: names, variables, values, durationNs: duration }
  // The program brought placeholders for some alone. (None were written where the agent adds them all.)
  const some = values > 0 && values < variables.length ? `${values} of ` : ''
  const text = `Secrets injected into PID ${actor.pid}: ${some}[${variables.join(' ')}]`
  const marked = `PID ${actor.pid} marked as protected`
  return [
    { level: 'info', tag: 'PROTECT', text: marked, fields: { event: 'protect', actor } },
    { level: 'info', tag: 'INJECT', text, fields },
  ]
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
    level: (action === 'blocked' && !passing) || way === 'memory-write' ? 'warn' : 'info',
    tag: TAGS[action],
    text: `PID=${actor.pid} attempted ${way} access ${whom}, by ${actor.comm}${kindOf(event)}`,
    fields: passing ? { ...fields, passing } : fields,
    alike: passing ? { what: `${alarm.what} in passing`, who: by, passing } : alarm,
  }
}

/** What it was after, where the way alone does not say. */
function kindOf({ way, detail, action }: AccessEvent): string {
  if (way === 'core-dump') return coreDump(detail, action)
  if (way === 'memory-write' && action === 'allowed') return ': programs that it starts from now on are given nothing'
  const kind = DETAILS[way]?.[detail]
  return kind ? `: ${kind}` : ''
}

/** Such a crash shows as an end by SIGKILL, status 137, as those of the OOM killer do. */
function coreDump(signal: number, action: AccessEvent['action']): string {
  const name = SIGNAL_NAMES.get(signal) ?? `signal ${signal}`
  return action === 'blocked' ? `: ${name}, turned into SIGKILL so that no core is written` : `: ${name}`
}

/** Of two names for one number the first: SIGABRT, not SIGIOT. */
const SIGNAL_NAMES = new Map(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name]),
)
