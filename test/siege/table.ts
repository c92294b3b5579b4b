/** What a siege came to, as a table and as complaints. Pure. */

export interface Round<Kind extends string> {
  readonly kinds: readonly Kind[]
  readonly seconds: number
  /** Admissions, those that failed, and the slowest, ms. */
  readonly asked: number
  readonly failed: number
  readonly slowest: number
  /** Resident memory, MB, of the replica that had most. */
  readonly peak: number
}

/** One row an attack, over all rounds in which it took part. */
export function tableOf<Kind extends string>(kinds: readonly Kind[], rounds: readonly Round<Kind>[]): string {
  const rows = kinds.map((kind) => {
    const own = rounds.filter((round) => round.kinds.includes(kind))
    const sum = (of: (round: Round<Kind>) => number) => own.reduce((all, round) => all + of(round), 0)
    const most = (of: (round: Round<Kind>) => number) => Math.max(0, ...own.map(of)).toFixed(0)
    const seconds = sum((round) => round.seconds).toFixed(0)
    const admissions = `${sum((round) => round.asked)} | ${sum((round) => round.failed)}`
    return `| ${kind} | ${own.length} | ${seconds} | ${admissions} | ${most((r) => r.slowest)} | ${most((r) => r.peak)} |`
  })
  const head = '| Attack | Rounds | Seconds | Admissions beside it | Failed | Slowest, ms | Most memory, MB |'
  return [head, '|---|--:|--:|--:|--:|--:|--:|', ...rows].join('\n')
}

/** The violations, one line each; none: the run passed. @param why of the admissions that failed @param ends of replicas */
export function complaints(why: readonly string[], ends: number): string[] {
  return [
    ...(why.length > 0 ? [`${why.length} admissions failed: ${[...new Set(why)].slice(0, 3).join('; ')}`] : []),
    ...(ends > 0 ? [`${ends} replicas ended`] : []),
  ]
}
