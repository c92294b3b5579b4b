/**
 * Adds up the stack frames along every chain of calls of the built object, as the verifiers of 5.10 and 6.1 do
 * (check_max_stack_depth, kernel/bpf/verifier.c): each frame is rounded up to 32 bytes, and together they may have 512. Newer kernels
 * round less, and load what the older ones refuse.
 *
 *     node scripts/lib/stack-frames.ts          exit status 1 with a line for each program that has more
 *     node scripts/lib/stack-frames.ts --list   the depth and the deepest chain of every program
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type BpfFunction, CALL, functionsOf, instructionsOf } from './bpf-functions.ts'

const OBJECT = join(import.meta.dirname, '../../bpf/build/kernelseal.bpf.o')
/** MAX_BPF_STACK */
const MOST = 512
const GRAIN = 32

export interface Depth {
  readonly program: string
  /** In bytes, rounded as the kernel rounds. */
  readonly bytes: number
  readonly chain: readonly string[]
}

/** Of every program, the deepest first. */
export function depthsOf(functions: readonly BpfFunction[]): Depth[] {
  const byName = new Map(functions.map((of) => [of.name, of]))
  const known = new Map<string, Omit<Depth, 'program'>>()
  const deepest = (name: string, above: readonly string[]): Omit<Depth, 'program'> => {
    if (above.includes(name)) throw new Error(`\`${name}\` calls itself, which no verifier lets through`)
    const { code, calls } = byName.get(name)!
    const depth =
      known.get(name) ??
      below(
        calls.map((called) => deepest(called, [...above, name])),
        name,
        code,
      )
    known.set(name, depth)
    return depth
  }
  const programs = functions.filter(({ isProgram }) => isProgram)
  return programs.map(({ name }) => ({ program: name, ...deepest(name, []) })).toSorted((a, b) => b.bytes - a.bytes)
}

function below(called: readonly Omit<Depth, 'program'>[], name: string, code: Buffer): Omit<Depth, 'program'> {
  const own = Math.ceil(Math.max(frameOf(code), 1) / GRAIN) * GRAIN
  const [most] = called.toSorted((a, b) => b.bytes - a.bytes)
  return { bytes: own + (most?.bytes ?? 0), chain: [name, ...(most?.chain ?? [])] }
}

const FRAME_POINTER = 10
/** Instructions: dst = src, dst += constant, dst += src. */
const [MOVE, ADD, ADD_REGISTER] = [0xbf, 0x07, 0x0f]
/** Classes: the low three bits. */
const [CLASS, LOAD_REGISTER, STORE, STORE_REGISTER] = [7, 1, 2, 3]
const SIGNED_JUMPS = [5, 6]

/**
 * The lowest byte below the frame pointer that the code reaches, or makes a pointer to. Read from the first instruction to the last:
 * which registers point into the stack is known without following jumps, since clang makes each such pointer where it is used.
 */
export function frameOf(code: Buffer): number {
  const pointers = new Map([[FRAME_POINTER, 0]])
  let lowest = 0
  const reach = (register: number, offset: number) => {
    const base = pointers.get(register)
    if (base !== undefined) lowest = Math.min(lowest, base + offset)
  }
  for (const { bytes } of instructionsOf(code)) {
    const [operation = 0, registers = 0] = bytes
    const [to, from] = [registers & 15, registers >> 4]
    const kind = operation & CLASS
    if (kind === LOAD_REGISTER) reach(from, bytes.readInt16LE(2))
    if (kind === STORE || kind === STORE_REGISTER) reach(to, bytes.readInt16LE(2))
    else move(pointers, operation, to, from, bytes.readInt32LE(4))
    if (operation === ADD) reach(to, 0)
  }
  return Math.abs(lowest)
}

/** What an instruction does to the registers that point into the stack. */
function move(pointers: Map<number, number>, operation: number, to: number, from: number, constant: number): void {
  const [source, base] = [pointers.get(from), pointers.get(to)]
  if (operation === CALL) for (const lost of [0, 1, 2, 3, 4, 5]) pointers.delete(lost)
  else if (operation === MOVE && source !== undefined) pointers.set(to, source)
  else if (operation === ADD && base !== undefined) pointers.set(to, base + constant)
  else if (operation !== ADD_REGISTER && !SIGNED_JUMPS.includes(operation & CLASS)) pointers.delete(to)
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { list: { type: 'boolean', default: false } } })
  const depths = depthsOf(functionsOf(readFileSync(OBJECT)))
  const shown = values.list ? depths : depths.filter(({ bytes }) => bytes > MOST)
  for (const { program, bytes, chain } of shown)
    console.log(`${program}: ${bytes} of ${MOST} bytes, by ${chain.join(' > ')}`)
  process.exitCode = depths.length === 0 || depths.some(({ bytes }) => bytes > MOST) ? 1 : 0
}
