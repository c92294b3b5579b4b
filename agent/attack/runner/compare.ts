/** The whole suite: the same attempts by the same attackers on both sides, and the conclusions from the contrast. */
import { release } from 'node:os'
import type { Mode } from '../../policy/types.ts'
import { type Attempt, Impossible, impossible, type Outcome } from '../attempt.ts'
import { attemptsById } from '../attempts/suite.ts'
import { type MatrixLine, matrixOf } from '../report/matrix.ts'
import { type Cleanup, newCleanup } from '../targets/cleanup.ts'
import { openSealedPod, openUnprotectedPod } from '../targets/pod-sides.ts'
import { type CanaryProgram, copyProgram } from '../targets/program.ts'
import { openSealed, type SealedSide } from '../targets/sealed.ts'
import { type Attack, attackSide, type Side, type SideOutcomes } from '../targets/side.ts'
import { openUnprotected } from '../targets/unprotected.ts'
import type { AttackerName } from './attackers.ts'

export type SideName = 'unprotected' | 'sealed'

export interface ContestOptions extends Omit<Attack, 'onOutcome'> {
  readonly mode: Mode
  readonly onStage?: (what: string) => void
  readonly onOutcome?: (side: SideName, attacker: AttackerName, id: string, outcome: Outcome) => void
  /** Receives the resources to close should the caller be interrupted. */
  readonly cleanup?: Cleanup
}

export interface Contest {
  readonly kernel: string
  readonly mode: Mode
  /** How the agent refuses on this node. */
  readonly tier: string
  /** The writer of the values here: kernel or agent. */
  readonly delivery: string
  readonly lines: readonly MatrixLine[]
}

/** @throws Error where a side cannot be had: no protection on this node, no right to start a process */
export async function holdContest(options: ContestOptions): Promise<Contest> {
  const { mode, attackers, ids, cleanup = newCleanup() } = options
  try {
    const program = copyProgram()
    cleanup.add(program.close)
    const [inPod, onHost] = [true, false].map((pod) => attemptsById(ids).filter(({ inPod }) => Boolean(inPod) === pod))
    // The Pod first: beneath the agent of the host no other could be.
    const contrasts = [
      ...(inPod!.length > 0 ? [await contrastInPod(program, { ...options, ids: idsOf(inPod!), cleanup })] : []),
      ...(onHost!.length > 0
        ? [await contrast(hostArena(program, mode), { ...options, ids: idsOf(onHost!), cleanup })]
        : []),
    ]
    const runs = attackers.map(({ name }) => ({
      attacker: name,
      unprotected: new Map(contrasts.flatMap(({ unprotected }) => [...unprotected.get(name)!])),
      protected: new Map(contrasts.flatMap(({ sealed }) => [...sealed.get(name)!])),
    }))
    const { tier = 'unknown', delivery = 'unknown' } = contrasts.findLast((found) => found.tier) ?? {}
    return { kernel: release(), mode, tier, delivery, lines: matrixOf(attemptsById(ids), runs) }
  } finally {
    await cleanup.run()
  }
}

const idsOf = (attempts: readonly Attempt[]): string[] => attempts.map(({ id }) => id)

/** Where both sides are. */
interface Arena {
  readonly what: string
  open(): Promise<Side>
  seal(): Promise<SealedSide>
}

const hostArena = (program: CanaryProgram, mode: Mode): Arena => ({
  what: 'a canary',
  open: async () => openUnprotected(program),
  seal: () => openSealed(program, mode),
})

const podArena = (program: CanaryProgram, mode: Mode): Arena => ({
  what: 'a Pod',
  open: () => openUnprotectedPod(program),
  seal: () => openSealedPod(program, mode),
})

interface Contrast {
  readonly unprotected: SideOutcomes
  readonly sealed: SideOutcomes
  /** Undefined where it did not come to an agent. */
  readonly tier?: string
  readonly delivery?: string
}

async function contrast(
  { what, open, seal }: Arena,
  { onStage = () => {}, onOutcome, ...options }: ContestOptions & { readonly cleanup: Cleanup },
): Promise<Contrast> {
  const on = (side: SideName): Attack => ({
    ...options,
    onOutcome: (attacker, id, outcome) => onOutcome?.(side, attacker, id, outcome),
  })
  onStage(`attacking ${what} without protection`)
  const openSide = await open()
  options.cleanup.add(openSide.close)
  const unprotected = await attackSide(openSide, on('unprotected'))
  await openSide.close()
  onStage(`starting the agent for ${what}, mode ${options.mode}`)
  const sealedSide = await seal()
  options.cleanup.add(sealedSide.close)
  const [tier, delivery] = [await sealedSide.agent.tier(), await sealedSide.agent.delivery()]
  onStage(`attacking ${what}, sealed, refusal tier ${tier}, delivery tier ${delivery}`)
  const sealed = await attackSide(sealedSide, on('sealed'))
  await sealedSide.close()
  return { unprotected, sealed, tier, delivery }
}

/** Where the tools to make a Pod are missing, each attempt gets that outcome. */
async function contrastInPod(
  program: CanaryProgram,
  options: ContestOptions & { readonly cleanup: Cleanup },
): Promise<Contrast> {
  try {
    return await contrast(podArena(program, options.mode), options)
  } catch (error) {
    if (!(error instanceof Impossible)) throw error
    const outcomes = new Map(options.ids.map((id) => [id, impossible(error.message)]))
    const all = new Map(options.attackers.map(({ name }) => [name, outcomes]))
    return { unprotected: all, sealed: all }
  }
}
