/** Two surveys of a node as one table of rates per second. Pure. */
import type { ScopeSurvey, Survey } from '../../scope/status.ts'
import { headOf, NOTHING, who } from '../status.ts'
import { columns } from '../table.ts'

export interface Look {
  /** Undefined: nothing is pinned. */
  readonly survey: Survey | undefined
  /** milliseconds, of any clock that only goes forward */
  readonly at: number
}

/** As much as fits into 80 columns; `kernelseal status` has the rest. */
const HEADING = ['SCOPE', 'MODE', 'AGENT', 'SEALED', 'EXECS/S', 'BLOCKED/S', 'LOST', 'TIER']

export function ratesTable(before: Look, now: Look): string {
  if (!now.survey) return NOTHING
  const { tier, delivery, scopes } = now.survey
  const earlier = new Map(before.survey?.scopes.map((scope) => [scope.scope, scope]))
  const seconds = (now.at - before.at) / 1000
  const rows = scopes.map((scope) => {
    const { execs, blocked } = rates(earlier.get(scope.scope), scope, seconds)
    return [...who(scope), `${scope.sealed}`, execs, blocked, `${scope.counts.events_lost}`, `${tier}/${delivery}`]
  })
  return headOf(now.survey) + (rows.length ? columns([HEADING, ...rows]) : '')
}

const NONE = '–'

/** Of a scope that was not there before, or began anew under its number meanwhile, there is no rate yet. */
function rates(before: ScopeSurvey | undefined, now: ScopeSurvey, seconds: number) {
  const rate = (counter: 'execs' | 'blocked'): string => {
    const more = before && now.counts[counter] - before.counts[counter]
    return more === undefined || more < 0 || seconds <= 0 ? NONE : (more / seconds).toFixed(1)
  }
  return { execs: rate('execs'), blocked: rate('blocked') }
}
