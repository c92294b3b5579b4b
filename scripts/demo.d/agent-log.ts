/** The agent's JSON log as the lines it prints on a terminal. Pure. */

export interface LogEvent {
  readonly tag: string
  readonly msg: string
  readonly way?: string
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
  const ways = Map.groupBy(blocked, ({ way }) => way)
  const examples = [...ways.values()].flatMap((ofWay) => ofWay.slice(0, SHOWN))
  const chosen = [...events.filter(({ tag }) => tag === 'OK' || tag === 'INJECT'), ...examples]
  return [...chosen.map(({ tag, msg }) => `[${tag}] ${msg}`), `… ${blocked.length} refusals in all`].join('\n')
}
