/** Metrics of the bounded resources, and of the cost that a flood has for others. */
import { Counter, Gauge, type Registry } from 'prom-client'
import { CLOSING_NAMES, type Closing } from '../../agent/status-port/status-port.ts'
import type { Limits } from '../budget/limits.ts'
import { REFUSAL_NAMES, type Refusal } from '../budget/refusals.ts'

/** The bounded resources. */
const BUDGETS = ['connections', 'untried', 'handshakes', 'waiting', 'bytes'] as const
type Budget = (typeof BUDGETS)[number]

export interface BudgetMetrics {
  /** @param used read at each scrape */
  budget(limits: Limits, used: () => Readonly<Record<Budget, number>>): void
  /** A connection or request was not taken on, or was given up. */
  refused(why: Refusal): void
}

export interface FloodMetrics {
  /** The metrics port closed a connection unanswered. */
  portClosed(why: Closing): void
  /** A line about a request was not written, for many of its kind from one address. */
  lineHeldBack(): void
}

export function budgetMetrics(registers: Registry[]): BudgetMetrics {
  const refusals = new Counter({
    name: 'kernelseal_refused_total',
    help: 'Connections and requests not taken on or given up, by reason',
    labelNames: ['reason'],
    registers,
  })
  for (const reason of REFUSAL_NAMES) refusals.inc({ reason }, 0)
  const labelNames = ['budget']
  const limit = new Gauge({
    name: 'kernelseal_budget_limit',
    help: 'The most there may be at a time',
    labelNames,
    registers,
  })
  let read: (() => Readonly<Record<Budget, number>>) | undefined
  new Gauge({
    name: 'kernelseal_budget_used',
    help: 'Current use of each bounded resource: connections, untried ones among them, handshakes, waiting connections, bytes',
    labelNames,
    registers,
    collect() {
      const used = read?.()
      for (const budget of BUDGETS) if (used !== undefined) this.set({ budget }, used[budget])
    },
  })
  return {
    refused: (reason) => refusals.inc({ reason }),
    budget: (limits, used) => {
      for (const budget of BUDGETS) limit.set({ budget }, limits[budget])
      read = used
    },
  }
}

/** The cost of a flood for others: scrapes, and lines of the log. */
export function floodMetrics(registers: Registry[]): FloodMetrics {
  const closings = new Counter({
    name: 'kernelseal_status_port_closed_total',
    help: 'Connections to the port of metrics that were closed unanswered, by reason',
    labelNames: ['reason'],
    registers,
  })
  for (const reason of CLOSING_NAMES) closings.inc({ reason }, 0)
  const lines = new Counter({
    name: 'kernelseal_log_lines_held_back_total',
    help: 'Log lines about requests that were not written, for many of their kind from one address',
    registers,
  })
  return { portClosed: (reason) => closings.inc({ reason }), lineHeldBack: () => lines.inc() }
}
