/** The measuring, in the virtual machine: `node guest.ts KERNEL ROUNDS BUILT clock|count`. Standard output is the result, JSON. */
import { spawnSync } from 'node:child_process'
import { release } from 'node:os'
import { join } from 'node:path'
import { loadObject } from '../../../agent/libbpf/object.ts'
import { SCOPES } from './places.ts'
import { type BenchAgent, programs, startPod } from './pod.ts'
import type { BenchResult, Phase, ProgramTime, Sample } from './samples.ts'
import { programTimes } from './statistics.ts'
import { prepareSubject } from './subject.ts'
import { EXECS, OPENS, type Variant, variantsOf } from './variants.ts'

/** Samples of every variant in every phase of a round. */
const REPEATS = 2

const [kernel = '', rounds = '', built = '', clock = ''] = process.argv.slice(2)
/** Many agents that start wait by the clock, which stands still for nothing while instructions are counted. */
const counted = clock === 'count'
const pod = await startPod()
const variants = variantsOf(pod, prepareSubject(built))
const samples: Sample[] = []
const times: ProgramTime[] = []
let about = { refusal: '', delivery: '' }
let eventsLost = 0
for (let round = 0; round < Number(rounds); round++) {
  if (programs().length > 0) throw new Error('programs of ours are loaded where there should be none')
  await measure(round, 'none', variants)
  await withEmptyPrograms(() =>
    measure(
      round,
      'floor',
      variants.filter(({ floor }) => floor),
    ),
  )
  const agent = await pod.startAgent()
  about = { refusal: await agent.info('refusal_tier'), delivery: await agent.info('delivery_tier') }
  await measure(round, '1', variants, agent)
  if (round === 0) for (const variant of variants) times.push(...(await timesOf(variant, agent)))
  for (const [i, scopes] of counted ? [] : SCOPES.entries()) {
    addScopes(SCOPES[i - 1] ?? 1, scopes)
    await measure(
      round,
      String(scopes) as Phase,
      variants.filter(({ scaled }) => scaled),
      agent,
    )
  }
  eventsLost += await agent.metric('kernelseal_events_lost_total')
  await agent.stop()
}
const result: BenchResult = {
  kernel,
  counted,
  release: release(),
  ...about,
  rounds: Number(rounds),
  eventsLost,
  samples,
  programs: times,
}
process.stdout.write(`${JSON.stringify(result)}\n`)
process.exit(0) // the Pod's init is our child

/** Interleaved: the machine's other work meets all variants alike. */
async function measure(round: number, phase: Phase, chosen: readonly Variant[], agent?: BenchAgent): Promise<void> {
  console.error(`${process.uptime().toFixed(0)} s: round ${round + 1} of ${rounds}, scopes: ${phase}`)
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (const variant of chosen) {
      const ns = agent ? await measureWith(agent, variant) : variant.measure()
      samples.push({ round, phase, variant: variant.name, ns })
    }
  }
}

/** The cost above them is ours; the cost below is the kernel's price for calling anything. */
async function withEmptyPrograms(body: () => Promise<void>): Promise<void> {
  const programs = loadObject(join(built, 'floor.o'), { wanted: () => true, constants: {} })
  programs.attach()
  await body()
  programs.close()
}

/** In the kernel tier the agent has no part in a delivery; in the other it has, and must run. */
async function measureWith(agent: BenchAgent, variant: Variant): Promise<number> {
  const before = await agent.metric('kernelseal_secrets_injected_total')
  const ns = about.delivery === 'kernel' ? await agent.paused(variant.measure) : variant.measure()
  const delivered = (await agent.metric('kernelseal_secrets_injected_total')) - before
  if (delivered < EXECS * variant.values) {
    throw new Error(`${variant.name}: ${delivered} values delivered, not ${EXECS * variant.values}`)
  }
  return ns
}

function timesOf(variant: Variant, agent: BenchAgent): Promise<ProgramTime[]> {
  const operations = variant.name.endsWith('exec') ? EXECS : OPENS
  return programTimes(variant.name, operations, () => measureWith(agent, variant))
}

function addScopes(from: number, to: number): void {
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, 'scopes.ts'), String(from), String(to)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status !== 0) throw new Error(`the scopes up to ${to} could not be registered`)
}
