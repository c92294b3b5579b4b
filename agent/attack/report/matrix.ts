/** From outcomes without and with protection to verdicts. Pure. */

import type { Attempt, Outcome } from '../attempt.ts'
import type { AttackerName } from '../runner/attackers.ts'

/**
 * refused   it worked without protection and does not with it
 * leaked    it works with protection
 * kernel    the kernel itself refuses this attacker, with or without us; never said of full root
 * unproved  it did not work without protection, or its end says nothing: a refusal here would prove nothing
 * skipped   this machine does not permit the attempt
 */
export type Verdict = { readonly kind: 'refused' | 'leaked' | 'kernel' | 'unproved' | 'skipped'; readonly why: string }

export type Subject = Pick<Attempt, 'id' | 'row' | 'title' | 'switch' | 'proof'>

export interface Run {
  readonly attacker: AttackerName
  readonly unprotected: ReadonlyMap<string, Outcome>
  readonly protected: ReadonlyMap<string, Outcome>
}

export interface MatrixLine extends Subject {
  /** In the order of the runs. */
  readonly verdicts: ReadonlyMap<AttackerName, Verdict>
}

export function matrixOf(subjects: readonly Subject[], runs: readonly Run[]): MatrixLine[] {
  return subjects.map(({ id, row, title, switch: concerned, proof }) => {
    const verdicts = runs.map((run) => {
      const verdict = verdictOf(proof, run.attacker, run.unprotected.get(id), run.protected.get(id))
      return [run.attacker, verdict] as const
    })
    return { id, row, title, switch: concerned, proof, verdicts: new Map(verdicts) }
  })
}

/** A leak is a leak, even if the attempt failed without protection; everything else needs the contrast. */
export function verdictOf(
  proof: Attempt['proof'],
  attacker: AttackerName,
  without: Outcome | undefined,
  sealed: Outcome | undefined,
): Verdict {
  if (sealed?.kind === 'leaked') return { kind: 'leaked', why: sealed.detail }
  if (!sealed) return unproved('not run with protection')
  if (proof === 'control') return withheld(sealed, true)
  if (!without) return unproved('not run without protection')
  switch (without.kind) {
    case 'leaked':
      return withheld(sealed, proof === 'absence')
    case 'impossible':
      return { kind: 'skipped', why: without.why }
    case 'refused':
      if (without.lockdown) return { kind: 'skipped', why: `kernel lockdown: ${without.errno}` }
      return attacker === 'root'
        ? unproved(`without protection: ${without.errno}`)
        : { kind: 'kernel', why: without.errno }
    case 'empty':
      return unproved(`without protection: found nothing in ${without.detail}`)
    case 'error':
      return unproved(`without protection: ${without.message}`)
  }
}

function withheld(sealed: Exclude<Outcome, { kind: 'leaked' }>, absenceCounts: boolean): Verdict {
  switch (sealed.kind) {
    case 'refused':
      return { kind: 'refused', why: `\`${sealed.call}\`: ${sealed.errno}` }
    case 'empty':
      return absenceCounts
        ? { kind: 'refused', why: `nothing in ${sealed.detail}` }
        : unproved(`allowed, but found nothing in ${sealed.detail}`)
    case 'impossible':
      return absenceCounts
        ? { kind: 'skipped', why: sealed.why }
        : unproved(`possible only without protection: ${sealed.why}`)
    case 'error':
      return unproved(sealed.message)
  }
}

function unproved(why: string): Verdict {
  return { kind: 'unproved', why }
}

export type Counts = Readonly<Record<Verdict['kind'], number>>

export function countsOf(lines: readonly MatrixLine[]): Counts {
  const counts = { refused: 0, leaked: 0, kernel: 0, unproved: 0, skipped: 0 }
  for (const line of lines) for (const { kind } of line.verdicts.values()) counts[kind]++
  return counts
}

/** 0: all that was possible is refused. 1: something leaked. 2: something is unproved, or nothing was refused at all. */
export function exitStatusOf(counts: Counts): 0 | 1 | 2 {
  if (counts.leaked > 0) return 1
  return counts.unproved > 0 || counts.refused === 0 ? 2 : 0
}
