/** The whole sweep: the same steps by the same attackers, of a target without protection first, then of one that is sealed. */
import { release } from 'node:os'
import { join } from 'node:path'
import { type Attacker, type AttackerName, byVictim } from '../runner/attackers.ts'
import type { Identity } from '../runner/identity.ts'
import { until } from '../runner/launch.ts'
import { environmentOf } from '../runner/locate.ts'
import { numberOfTracepoint } from '../runner/tracepoint.ts'
import type { Canary } from '../targets/canary.ts'
import { type Cleanup, newCleanup } from '../targets/cleanup.ts'
import { type CanaryProgram, copyProgram } from '../targets/program.ts'
import { openSealed } from '../targets/sealed.ts'
import type { Side } from '../targets/side.ts'
import { openUnprotected } from '../targets/unprotected.ts'
import { newSweepNeedle, tokensOf } from './needles.ts'
import { isReady } from './ready.ts'
import type { SweepReport, SweepSide } from './report.ts'
import type { SweepRequest } from './request.ts'
import { joined, type Swept, sweepAs } from './sweeper.ts'

const TARGET = join(import.meta.dirname, 'target.ts')
const TRACEPOINT = 'raw_syscalls/sys_enter'
const PAGE = 4096n
/** So many targets may end in the hands of one attacker. */
const MOST_TARGETS = 6

export interface SweepOptions {
  readonly attackers: readonly Attacker[]
  readonly seed: number
  /** For all attackers on both sides, without the starts of processes. */
  readonly budgetSeconds: number
  readonly onStage?: (what: string) => void
  readonly onStep?: (what: string) => void
  readonly cleanup?: Cleanup
}

/** @throws Error where a side cannot be had: no protection on this node, no right to start a process */
export async function holdSweep({ cleanup = newCleanup(), ...options }: SweepOptions): Promise<SweepReport> {
  const { attackers, seed, budgetSeconds, onStage = () => {} } = options
  try {
    const program = copyProgram()
    cleanup.add(program.close)
    const plan = { ...options, program, cleanup, tracepoint: numberOfTracepoint(TRACEPOINT) ?? 0, page: undefined }
    onStage('sweeping a target without protection')
    const open = newSweepNeedle()
    const unprotected = await sweepSide(openUnprotected(program, open), open, false, plan)
    onStage('sweeping a sealed target')
    const hidden = newSweepNeedle()
    const side = await openSealed(program, 'enforce', hidden)
    const [tier, delivery] = [await side.agent.tier(), await side.agent.delivery()]
    const sealed = await sweepSide(side, hidden, true, { ...plan, page: unprotected.page })
    const names = attackers.map(({ name }) => name)
    return {
      kernel: release(),
      tier,
      delivery,
      seed,
      budgetSeconds,
      attackers: names,
      unprotected: unprotected.found,
      sealed: sealed.found,
    }
  } finally {
    await cleanup.run()
  }
}

interface Plan extends SweepOptions {
  readonly program: CanaryProgram
  readonly cleanup: Cleanup
  readonly tracepoint: number
  /** Where the environment is, once a target has said so that is not protected: the same program has it at the same place. */
  readonly page: bigint | undefined
}

interface SideFound {
  readonly found: SweepSide
  readonly page: bigint
}

async function sweepSide(side: Side, needle: Buffer, isProtected: boolean, plan: Plan): Promise<SideFound> {
  plan.cleanup.add(side.close)
  const found: [AttackerName, Swept][] = []
  let page = plan.page ?? 0n
  for (const [victim, group] of byVictim(plan.attackers)) {
    const second = await startTarget(side, victim, plan)
    page = plan.page ?? pageOf(second.pid)
    const about = { second: second.pid, tokens: tokensOf(needle.toString()), isProtected, page: String(page) }
    for (const attacker of group) found.push([attacker.name, await sweepTargets(side, attacker, about, plan)])
    await second.close()
  }
  await side.close()
  return { found: Object.fromEntries(found), page }
}

/** One target after the other, where a step has ended one: the next goes on behind that step. */
async function sweepTargets(
  side: Side,
  { name, identity, victim }: Attacker,
  about: Pick<SweepRequest, 'second' | 'tokens' | 'isProtected' | 'page'>,
  plan: Plan,
): Promise<Swept> {
  const parts: Swept[] = []
  let milliseconds = (plan.budgetSeconds * 1000) / (2 * plan.attackers.length)
  for (let n = 0; n < MOST_TARGETS && (n === 0 || parts.at(-1)?.lost); n++) {
    const target = await startTarget(side, victim, plan)
    const { tracepoint, seed } = plan
    const from = parts.at(-1)?.lost?.next ?? { family: 0, step: 0 }
    plan.onStage?.(`${name}: sweeping process ${target.pid}`)
    parts.push(
      await sweepAs(identity, { ...about, pid: target.pid, tracepoint, seed, milliseconds, from }, plan.onStep),
    )
    milliseconds -= parts.at(-1)!.milliseconds
    await target.close()
  }
  return joined(parts)
}

async function startTarget(side: Side, victim: Identity, { program }: Plan): Promise<Canary> {
  const canary = await side.start(victim, [program.path, TARGET])
  await until('the target of a sweep', () => isReady(canary.pid))
  return canary
}

/** The last page of the environment: without random gaps on the stack it is the same for each start of the program. */
function pageOf(pid: number): bigint {
  const region = environmentOf(pid)
  if (region === undefined) throw new Error('an unprotected target does not say where its environment is')
  return region.end & ~(PAGE - 1n)
}
