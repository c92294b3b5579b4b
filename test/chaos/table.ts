/** The cost of every fault, as a table. Pure. */

export interface Outcome {
  readonly fault: string
  readonly mayFail: boolean
  /** Admissions refused or not answered, from its beginning until all was whole again. */
  readonly failed: number
  /** Seconds from its end until then; undefined when that did not come about. */
  readonly recovered: number | undefined
  /** The first words of the failures. */
  readonly why: readonly string[]
}

/** One row a fault: how often, the failures of all and of the worst, the longest recovery. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const names = [...new Set(outcomes.map(({ fault }) => fault))]
  const rows = names.map((name) => {
    const own = outcomes.filter(({ fault }) => fault === name)
    const failed = own.map((outcome) => outcome.failed)
    const seconds = own.map(({ recovered }) => recovered ?? Number.POSITIVE_INFINITY)
    const slowest = Math.max(...seconds)
    const recovery = Number.isFinite(slowest) ? slowest.toFixed(1) : 'never'
    return `| ${name} | ${own.length} | ${sum(failed)} | ${Math.max(...failed)} | ${recovery} |`
  })
  const head =
    '| Fault | Times | Failed admissions | of the worst time | Seconds to recover, longest |\n|---|--:|--:|--:|--:|'
  return [head, ...rows].join('\n')
}

/** The violations, one line each; none: the run passed. */
export function complaints(outcomes: readonly Outcome[], wrong: number): string[] {
  const lines = outcomes.flatMap(({ fault, mayFail, failed, recovered, why }) => [
    ...(recovered === undefined ? [`${fault}: not whole again within the time`] : []),
    ...(failed > 0 && !mayFail ? [`${fault}: ${failed} failed: ${why.join('; ')}`] : []),
  ])
  return wrong > 0 ? [`${wrong} Pods were created without the agent or a placeholder`, ...lines] : lines
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, number) => all + number, 0)
