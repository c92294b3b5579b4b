/** Prometheus metrics of values and policies that change while processes run. */
import { Counter, Gauge, type Registry } from './prometheus.ts'

/** `rotated`: new values registered; `kept`: a source could not be read, its value stays; `failed`: nothing registered. */
const ROTATIONS = ['rotated', 'kept', 'failed'] as const
/** `weakened`: applied, and protection is less than it was. */
const CHANGES = ['applied', 'weakened', 'refused'] as const

export interface RotationMetrics {
  readonly rotation: (outcome: (typeof ROTATIONS)[number]) => void
  readonly policyChange: (outcome: (typeof CHANGES)[number]) => void
}

/** Sealed processes alive, by whether a value they were given has changed since. */
export interface Freshness {
  readonly current: number
  readonly stale: number
}

export function openRotationMetrics(
  registry: Registry,
  generation: () => number,
  freshness: () => Freshness,
): RotationMetrics {
  const registers = [registry]
  gauge(registry, 'kernelseal_generation', 'Registrations of values and policy in this scope so far', [], (set) =>
    set({}, generation()),
  )
  const help = 'Sealed processes alive: with current values, or with some that have changed since they started'
  gauge(registry, 'kernelseal_sealed_processes_by_generation', help, ['generation'], (set) => {
    for (const [name, count] of Object.entries(freshness())) set({ generation: name }, count)
  })
  const rotations = counter(registers, 'kernelseal_rotations_total', 'Changed sources by outcome', ROTATIONS)
  const changes = counter(registers, 'kernelseal_policy_changes_total', 'Changes of policy by outcome', CHANGES)
  return { rotation: (outcome) => rotations.inc({ outcome }), policyChange: (outcome) => changes.inc({ outcome }) }
}

function gauge(
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
  read: (set: (labels: Record<string, string>, value: number) => void) => void,
): void {
  new Gauge({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      read((labels, value) => this.set(labels, value))
    },
  })
}

/** Every outcome is there from the start, at 0, so that a first one is an increase. */
function counter(registers: Registry[], name: string, help: string, outcomes: readonly string[]) {
  const made = new Counter({ name, help, labelNames: ['outcome'], registers })
  for (const outcome of outcomes) made.inc({ outcome }, 0)
  return made
}
