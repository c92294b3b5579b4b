/** The whole suite: the same attempts by the same attackers on both sides, and what follows from the contrast. */
import { release } from 'node:os'
import type { Mode } from '../policy/types.ts'
import type { AttackerName } from './attackers.ts'
import type { Outcome } from './attempt.ts'
import { type Cleanup, newCleanup } from './cleanup.ts'
import { type MatrixLine, matrixOf } from './matrix.ts'
import { copyProgram } from './program.ts'
import { openSealed } from './sealed.ts'
import { type Attack, attackSide } from './side.ts'
import { attemptsById } from './suite.ts'
import { openUnprotected } from './unprotected.ts'

export type SideName = 'unprotected' | 'sealed'

export interface ContestOptions extends Omit<Attack, 'onOutcome'> {
  readonly mode: Mode
  readonly onStage?: (what: string) => void
  readonly onOutcome?: (side: SideName, attacker: AttackerName, id: string, outcome: Outcome) => void
  /** Takes what has to be closed should the caller be interrupted. */
  readonly cleanup?: Cleanup
}

export interface Contest {
  readonly kernel: string
  readonly mode: Mode
  /** How the agent refuses on this node. */
  readonly tier: string
  /** Who writes the values here. */
  readonly delivery: string
  readonly lines: readonly MatrixLine[]
}

/** @throws Error where a side cannot be had: no protection on this node, no right to start a process */
export async function holdContest(options: ContestOptions): Promise<Contest> {
  const { mode, attackers, ids, onStage = () => {}, onOutcome, cleanup = newCleanup() } = options
  const on = (side: SideName): Attack => {
    const report: Attack['onOutcome'] = (attacker, id, outcome) => onOutcome?.(side, attacker, id, outcome)
    return { ...options, onOutcome: report }
  }
  try {
    const program = copyProgram()
    cleanup.add(program.close)
    onStage('attacking a canary without protection')
    const open = openUnprotected(program)
    cleanup.add(open.close)
    const unprotected = await attackSide(open, on('unprotected'))
    await open.close()
    onStage(`starting the agent, mode ${mode}`)
    const sealedSide = await openSealed(program, mode)
    cleanup.add(sealedSide.close)
    const tier = await sealedSide.agent.tier()
    const delivery = await sealedSide.agent.delivery()
    onStage(`attacking a sealed canary, refusal tier ${tier}, delivery tier ${delivery}`)
    const sealed = await attackSide(sealedSide, on('sealed'))
    const runs = attackers.map(({ name }) => ({
      attacker: name,
      unprotected: unprotected.get(name)!,
      protected: sealed.get(name)!,
    }))
    return { kernel: release(), mode, tier, delivery, lines: matrixOf(attemptsById(ids), runs) }
  } finally {
    await cleanup.run()
  }
}
