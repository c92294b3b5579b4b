/**
 * Answers the request in each file that the parent names, one after the other, as a replica with the shipped limits would; tells the
 * cost of each: milliseconds of a CPU, and memory.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { answerTo, JOURNEYS } from '../../../../webhook/review/endpoints.ts'
import { CLUSTER, NONCE, SETTINGS } from '../fixtures.ts'

export interface Answer {
  readonly took: number
  /** Most bytes of memory since the request before this one. */
  readonly mostMemory: number
  readonly kind: string
  readonly message: string
}

const DEPS = { settings: SETTINGS, nonce: () => NONCE, cluster: CLUSTER }
const ask = (text: string) => answerTo({ kind: 'whole', bytes: Buffer.from(text) }, JOURNEYS['/mutate'], DEPS)

function answer(body: string): Answer {
  // The code that a replica has compiled long since.
  for (let i = 0; i < 200; i++) ask(body.slice(0, 2000))
  const start = process.cpuUsage()
  const answered = ask(body)
  const spent = process.cpuUsage(start)
  const took = (spent.user + spent.system) / 1000
  const outcome = answered.kind === 'answer' ? answered.outcome : undefined
  const message =
    outcome?.kind === 'deny' ? outcome.message.slice(0, 200) : answered.kind === 'answer' ? '' : answered.problem
  return { took, mostMemory: mostMemory(), kind: outcome?.kind ?? answered.kind, message }
}

/** proc_pid_status(5), in KiB. */
const mostMemory = (): number => Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024

/** Each bomb meets a replica that has nothing left of the one before; the kernel then begins anew with the most memory (proc_pid_clear_refs(5)). */
function forgetTheLast(): void {
  globalThis.gc!()
  writeFileSync('/proc/self/clear_refs', '5')
}

process.on('message', (file: string) => {
  forgetTheLast()
  process.send!(answer(readFileSync(file, 'utf8')))
})
