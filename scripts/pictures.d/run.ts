/** The figures of one run, as docs/pictures/run.json keeps them: the pictures can be drawn again without another run. */
import { type Dashboard, expressionOf, type Panel, type Query } from './dashboard.ts'

export interface Series {
  readonly labels: Readonly<Record<string, string>>
  /** One for each step; null where there is none. */
  readonly values: readonly (number | null)[]
}

interface Answer {
  readonly refId: string
  readonly series: readonly Series[]
}

export interface Run {
  /** ISO 8601, UTC. */
  readonly date: string
  readonly commit: string
  readonly kernel: string
  readonly prometheus: string
  /** Unix time in seconds of the first values, and the seconds between two. */
  readonly from: number
  readonly step: number
  readonly panels: readonly { readonly id: number; readonly answers: readonly Answer[] }[]
}

export type Ask = (expression: string) => Promise<readonly Series[]>

/** @returns the answer to every query of every panel */
export async function evaluate(dashboard: Dashboard, ask: Ask): Promise<Run['panels']> {
  const panels: { id: number; answers: Answer[] }[] = []
  for (const { id, targets } of dashboard.panels) {
    const answers: Answer[] = []
    for (const query of targets)
      answers.push({ refId: query.refId, series: withData(await ask(expressionOf(query, dashboard))) })
    panels.push({ id, answers })
  }
  return panels
}

const withData = (series: readonly Series[]): Series[] =>
  series.filter(({ values }) => values.some((value) => value !== null))

/** @returns the series of one query @throws Error when the run has no such query */
export function seriesOf(run: Run, panel: Panel, { refId }: Query): readonly Series[] {
  const answer = run.panels.find(({ id }) => id === panel.id)?.answers.find((one) => one.refId === refId)
  if (!answer)
    throw new Error(
      `run.json knows no query ${refId} of panel ${panel.id}, \`${panel.title}\`: it is of an older dashboard; run scripts/pictures`,
    )
  return answer.series
}

/** @returns a line for each query that had no data in this run */
export function emptyQueries(run: Run, { panels }: Dashboard): string[] {
  return panels.flatMap((panel) =>
    panel.targets
      .filter((query) => seriesOf(run, panel, query).length === 0)
      .map(({ refId, expr }) => `panel ${panel.id}, \`${panel.title}\`, query ${refId}: ${expr}`),
  )
}
