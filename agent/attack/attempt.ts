/**
 * An attempt and its possible outcomes. An attempt throws when a call fails; `judge` turns the error into an outcome,
 * so that one table defines a refusal everywhere.
 */
import type { Switch as PolicySwitch } from '../policy/strength/policy-table.ts'
import type { LaunchSpec } from './runner/launch.ts'

/** The switches of the policy that attempts ask for. All are on in the run with protection, whatever their default. */
export const SWITCHES = [
  'blockEnviron',
  'blockMem',
  'blockMaps',
  'blockPtrace',
] as const satisfies readonly PolicySwitch[]

/** The policy switch that must refuse the attempt; `always` for refusals that no switch turns off. */
type Switch = (typeof SWITCHES)[number] | 'always'

export interface Region {
  readonly start: bigint
  readonly end: bigint
}

export interface Target {
  /** In the attacker's PID namespace. */
  readonly pid: number
  /** The secret's bytes. Their appearance in the attacker's hands is the leak. */
  readonly needle: Buffer
  /** The environment's address, told by the target: guessing it would make the attacker no weaker. */
  readonly region?: Region
  /** How to start the target program once more, for attempts that must be there before or after its life. */
  readonly start?: LaunchSpec
  /** A shell that is bound to the same value. */
  readonly shell?: string
  /** The same shell, bound with its content. */
  readonly pinned?: string
  readonly agentPid?: number
  /** The number of the tracepoint at chdir(2). */
  readonly tracepoint?: number
  /** Allows attempts that outlive the target or disturb more than it: `core_pattern`, SIGKILL to the agent. */
  readonly disruptive?: boolean
}

export type Outcome =
  | { readonly kind: 'leaked'; readonly detail: string }
  /** `lockdown`: the kernel is locked down, and may refuse this to every process, with or without protection. */
  | { readonly kind: 'refused'; readonly errno: string; readonly call: string; readonly lockdown?: true }
  | { readonly kind: 'empty'; readonly detail: string }
  | { readonly kind: 'impossible'; readonly why: string }
  | { readonly kind: 'error'; readonly message: string }

export interface Attempt {
  /** Stable, kebab-case. */
  readonly id: string
  /** Row of docs/kernels.md; `ROWS` in scripts/test-kernels.d/table.ts has their titles. */
  readonly row: number
  readonly title: string
  readonly switch: Switch
  /**
   * The proof that protection holds. `refusal`: the call fails, having worked without protection. `absence`: finding
   * nothing counts as well, having found it without protection. `control`: the attempt checks its own means, the kernel
   * always withholds.
   */
  readonly proof: 'refusal' | 'absence' | 'control'
  /** It starts the target's program itself, and gets more time. */
  readonly starts?: true
  /** Not every kernel or machine has its means: a build option, a later version, a unit of the processor. */
  readonly mayBeAbsent?: true
  /** The kernel itself refuses it to all but root with its capabilities: mounting, advice, and perf at Debian's `kernel.perf_event_paranoid=3`. */
  readonly takesFullRoot?: true
  /** It takes a target in a PID namespace like a Pod's, and an agent for that. */
  readonly inPod?: true
  /** It ends the agent where nothing stops it, and later attempts would prove nothing: it comes last. */
  readonly endsAgent?: true
  run(target: Target): Outcome
}

export const leaked = (detail: string): Outcome => ({ kind: 'leaked', detail })
export const refused = (call: string, errno: string): Outcome => ({ kind: 'refused', errno, call })
export const empty = (detail: string): Outcome => ({ kind: 'empty', detail })
export const impossible = (why: string): Outcome => ({ kind: 'impossible', why })
export const failed = (message: string): Outcome => ({ kind: 'error', message })

/** Leaked if the needle is among the bytes. The detail never quotes them. */
export function search(bytes: Buffer, needle: Buffer, where: string): Outcome {
  const at = bytes.indexOf(needle)
  return at < 0 ? empty(`${bytes.length} bytes of ${where}`) : leaked(`at byte ${at} of ${where}`)
}

/** Thrown where the environment lacks a means that an attempt needs, protected target or not. */
export class Impossible extends Error {}

/** Runs a preparation: its failure says nothing about the target. */
export function prepare<T>(what: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw new Impossible(`${what}: ${codeOf(error) ?? String(error)}`)
  }
}

/** A denial: LSM hooks answer EPERM or EACCES, and so do the kernel's own checks. */
const REFUSALS = new Set(['EPERM', 'EACCES'])
/** The kernel does not have it: not built in, an old version, or no such file in procfs. */
const ABSENCES = new Set(['ENOSYS', 'EOPNOTSUPP', 'ENOTSUP', 'ENODEV', 'ENXIO', 'ENOENT'])

export function judge(error: unknown): Outcome {
  if (error instanceof Impossible) return impossible(error.message)
  const code = codeOf(error)
  const call = (error as { syscall?: string }).syscall ?? 'unknown call'
  if (code === undefined) return failed(String(error))
  if (REFUSALS.has(code)) return refused(call, code)
  if (ABSENCES.has(code)) return impossible(`\`${call}\` is not to be had here: ${code}`)
  return failed(`\`${call}\` failed with ${code}`)
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' ? code : undefined
}
