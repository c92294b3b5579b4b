/**
 * Starts and rotations, very many, and the agent's state afterwards. The long run: KERNELSEAL_STARTS=1000000
 * KERNELSEAL_ROTATIONS=10000, an hour and a half under emulation. With a tenth of the default, the growth seen is
 * that of the start.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Agent, startAgent } from '../support/agent-under-test.ts'

const STARTS = Number(process.env.KERNELSEAL_STARTS ?? 100_000)
const ROTATIONS = Number(process.env.KERNELSEAL_ROTATIONS ?? 500)
/** Starts of one starter process. */
const BATCH = 1_000
const SAMPLE_MS = 2_000
/** Twice the quiet time of agent/sources/watch.ts. */
const PAUSE_MS = 200
const folder = mkdtempSync(join(tmpdir(), 'kernelseal-soak-'))
const [PROGRAM, STARTER, SOURCE] = [join(folder, 'started'), join(folder, 'starter'), join(folder, 'value')]
const config = `
version: v1
policy: { mode: enforce }
secrets:
  - name: soak
    selector: { binary: ${PROGRAM} }
    secretRefs: [{ name: VALUE, source: { fileRef: ${SOURCE} } }]
`

interface Sample {
  readonly starts: number
  readonly rss: number
  readonly fds: number
}

function compile(source: string, program: string, ...options: readonly string[]): void {
  execFileSync('clang', ['-O2', '-static', ...options, '-o', program, join(import.meta.dirname, source)])
}

function rotate(number: number): void {
  writeFileSync(`${SOURCE}.new`, `value-${String(number).padStart(12, '0')}`)
  renameSync(`${SOURCE}.new`, SOURCE)
}

/**
 * Spread over the starts, with a pause in which the agent finds the file quiet: changes before that are one rotation.
 */
async function rotateUntil(done: () => boolean, isDue: () => boolean): Promise<void> {
  for (let number = 1; !done(); ) {
    if (isDue()) rotate(number++)
    await sleep(PAUSE_MS)
  }
}

/** A little below the agent, as a Pod's processes are that do something else too. @returns a line for each start that failed */
async function startBatch({ placeholders }: Agent): Promise<string[]> {
  const child = spawn('nice', ['-n', '5', STARTER, PROGRAM, String(BATCH)], {
    env: { PATH: '/usr/bin', ...placeholders, VALUE: placeholders.VALUE as string },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return (await text(child.stdout)).split('\n').filter(Boolean)
}

/** The agent's counters, to explain a failed start. */
async function nonZero({ port }: Agent): Promise<string[]> {
  const said = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return said.split('\n').filter((line) => /^kernelseal_(?!.*_bucket).* [^0]/.test(line))
}

async function sampleOf(agent: Agent, starts: number): Promise<Sample> {
  const rss = await agent.metric('process_resident_memory_bytes')
  return { starts, rss, fds: await agent.metric('process_open_fds') }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number

/** Of the starts from one tenth to the next: single samples depend on when garbage was collected last. */
const tenth = (samples: readonly Sample[], from: number, of: 'rss' | 'fds'): number =>
  median(
    samples
      .filter(({ starts }) => starts >= (from * STARTS) / 10 && starts <= ((from + 1) * STARTS) / 10)
      .map((s) => s[of]),
  )

test(`${STARTS} starts and ${ROTATIONS} rotations: every start has a value, the agent stays as it was`, async () => {
  compile('started.c', PROGRAM, '-nostdlib')
  compile('starter.c', STARTER)
  rotate(0)
  const agent = await startAgent({ config, log: 'dropped' })
  const samples: Sample[] = []
  const failed: string[] = []
  let [starts, rotations, sampled] = [0, 0, 0]
  const rotating = rotateUntil(
    () => starts >= STARTS && rotations >= ROTATIONS,
    () => rotations * STARTS <= starts * ROTATIONS,
  )
  while (starts < STARTS || rotations < ROTATIONS) {
    const lines = await startBatch(agent)
    if (lines.length) console.log(JSON.stringify({ starts, lines, metrics: await nonZero(agent) }))
    failed.push(...lines)
    starts += BATCH
    rotations = await agent.metric('kernelseal_rotations_total')
    if (Date.now() < sampled + SAMPLE_MS) continue
    sampled = Date.now()
    samples.push(await sampleOf(agent, Math.min(starts, STARTS)))
    if (samples.length % 30 === 0)
      console.log(JSON.stringify({ ...samples.at(-1), starts, rotations, failed: failed.length }))
  }
  await rotating
  const seen = await agent.metric('kernelseal_exec_events_total')
  const lost = await agent.metric('kernelseal_events_lost_total')
  const [early, late] = ([1, 9] as const).map((from) => ({
    rss: tenth(samples, from, 'rss'),
    fds: tenth(samples, from, 'fds'),
  }))
  console.log(
    JSON.stringify({
      starts,
      rotations,
      failed: failed.length,
      execs: seen,
      lost,
      early,
      late,
      seconds: process.uptime(),
    }),
  )
  assert.deepEqual(failed, [], 'wait statuses of programs that ran without a value, or were killed')
  assert.ok(seen >= starts)
  assert.ok(late!.rss <= 1.1 * early!.rss, `memory grew from ${early!.rss} to ${late!.rss} bytes`)
  assert.ok(late!.fds <= early!.fds, `descriptors grew from ${early!.fds} to ${late!.fds}`)
  assert.equal(await agent.stop(), 0)
})
