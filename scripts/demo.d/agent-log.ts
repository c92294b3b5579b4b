/** The agent's JSON log as the lines it prints on a terminal. Pure. */

export interface LogEvent {
  readonly tag: string
  readonly msg: string
  readonly way?: string
  /** Of a summary: how many it stands for. */
  readonly repeated?: number
}

export function eventsIn(log: string): LogEvent[] {
  return log
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogEvent)
}

/** How many refusals are shown of each way; the attack suite makes a hundred. */
const SHOWN = 1

/** The deliveries, and of the refusals the first of each way and their number. */
export function agentLines(events: readonly LogEvent[]): string {
  const blocked = events.filter(({ tag }) => tag === 'LSM BLOCKED')
  const refusals = blocked.reduce((sum, { repeated = 1 }) => sum + repeated, 0)
  const ways = Map.groupBy(blocked, ({ way }) => way)
  const examples = [...ways.values()].flatMap((ofWay) => ofWay.slice(0, SHOWN))
  const chosen = [...events.filter(({ tag }) => tag === 'OK' || tag === 'INJECT'), ...examples]
  return [...chosen.map(({ tag, msg }) => `[${tag}] ${msg}`), `… ${refusals} refusals in all`].join('\n')
}
