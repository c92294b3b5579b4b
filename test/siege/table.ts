/** The result of a siege as a table and as complaints. Pure. */

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

/** Of one replica, MB resident: before the siege, and a minute after it. */
export interface Rest {
  readonly before: number
  readonly after: number
}

/** Memory at rest may be this much more than before. */
const MORE = 1.15

/** The violations, one line each; none: the run passed. @param why of the admissions that failed @param ends of replicas */
export function complaints(why: readonly string[], ends: number, rests: readonly Rest[]): string[] {
  const kept = rests.filter(({ before, after }) => after > before * MORE)
  return [
    ...kept.map(
      ({ before, after }) => `memory did not come back: ${before.toFixed(0)} MB before, ${after.toFixed(0)} after`,
    ),
    ...(why.length > 0 ? [`${why.length} admissions failed: ${[...new Set(why)].slice(0, 3).join('; ')}`] : []),
    ...(ends > 0 ? [`${ends} replicas ended`] : []),
  ]
}
