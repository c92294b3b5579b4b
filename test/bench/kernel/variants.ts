/** The repeated operations: by a process outside every scope, by one inside, by a sealed one. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { DIRECTORY, FILE, MEASURE, READER, SIZES } from './places.ts'
import type { Pod } from './pod.ts'
import type { Environment, Subject } from './subject.ts'

export interface Variant {
  readonly name: string
  /** Whether it is measured with many scopes too. */
  readonly scaled: boolean
  /** Whether it is measured with empty programs too. */
  readonly floor: boolean
  /** Values delivered by one operation. */
  readonly values: number
  /** @returns mean ns of one operation */
  measure(): number
}

/** With the warm-up two events each, and the ring of a Pod holds 600 (agent/scope/rings.ts). */
export const EXECS = 150
export const OPENS = 2000

export function variantsOf(pod: Pod, subject: Subject): Variant[] {
  const exec = (name: string, place: readonly string[], size: number, scaled = false): Variant => {
    const command = [...place, MEASURE, 'exec', String(EXECS), join(DIRECTORY, `bound-${size}`)]
    return { name, scaled, floor: size === 0, values: size, measure: () => run(command, subject.environment(size)) }
  }
  /** The same variables without us: the base of comparison for a delivery. */
  const ordinary = (size: number): Variant => {
    const command = [...pod.enter, MEASURE, 'exec', String(EXECS), join(DIRECTORY, 'bound-0')]
    const measure = () => run(command, subject.ordinary(size))
    return { name: `inside, ${size} ordinary variables: exec`, scaled: false, floor: false, values: 0, measure }
  }
  const open = (name: string, command: readonly string[], path: string, scaled = false): Variant => ({
    name,
    scaled,
    floor: scaled,
    values: 0,
    measure: () => run([...command, 'open', String(OPENS), path], name.startsWith('sealed') ? subject.reader : {}),
  })
  const inside = [...pod.enter, MEASURE]
  // Not nsenter's own child: in the stopped tier nsenter would stop along with it (util-linux, continue_as_child).
  const sealed = [...pod.enter, 'sh', '-c', '"$@"; exit $?', 'sh', READER]
  return [
    exec('outside: exec', [], 0, true),
    exec('inside, unbound: exec', pod.enter, 0, true),
    ...SIZES.map((size) => exec(`inside, ${size} variables: exec`, pod.enter, size, size === 10)),
    ...SIZES.map(ordinary),
    open('outside: open file', [MEASURE], FILE, true),
    open('outside: open /proc/self/stat', [MEASURE], '/proc/self/stat'),
    open('inside, unbound: open file', inside, FILE, true),
    open('inside, unbound: open /proc/self/stat', inside, '/proc/self/stat'),
    open('sealed: open file', sealed, FILE),
    open('sealed: open /proc/self/stat', sealed, '/proc/self/stat'),
    open('sealed: open /proc/self/environ', sealed, '/proc/self/environ'),
  ]
}

/** @throws Error with the helper's complaint */
function run([command = '', ...args]: readonly string[], env: Environment): number {
  const { stdout, stderr, status, signal } = spawnSync(command, args, {
    env: { PATH: process.env.PATH, ...env },
    encoding: 'utf8',
  })
  const ns = Number(stdout)
  if (status === 0 && ns > 0) return ns
  throw new Error(`\`${command} ${args.join(' ')}\` ended with ${signal ?? status}: ${stderr}`)
}
