/** One count in a virtual machine of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { outcomesIn } from '../lib/reporter.ts'
import type { Run } from './counts.ts'
import type { Result } from './result.ts'

const ROOT = join(import.meta.dirname, '../..')
/** A machine that has other work takes so many times as long at most. */
const PATIENCE = 4
/** To boot, and for a file's start. */
const BOOT_SECONDS = 600

/** @param log where the tests' own report goes @param signal ends the machine */
export async function runCount(run: Run, code: string, log: string, signal: AbortSignal): Promise<Result> {
  const began = Date.now()
  const machine = spawn(join(ROOT, 'scripts/vm'), argumentsOf(run), {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGTERM',
  })
  machine.stderr.pipe(createWriteStream(log))
  const [output, [status]] = await Promise.all([text(machine.stdout), once(machine, 'close')])
  const { passed, failed, said } = outcomesIn(
    output,
    status === 0 ? undefined : `the machine ended with status ${status}`,
  )
  return {
    count: run.count.name,
    kernel: run.kernel,
    date: new Date(began).toISOString().slice(0, 10),
    code,
    seconds: Math.round((Date.now() - began) / 1000),
    passed,
    failed,
    figures: said,
  }
}

function argumentsOf({ count, kernel }: Run): string[] {
  const env = Object.entries(count.env).flatMap(([name, value]) => ['--env', `${name}=${value}`])
  const machine = [
    ...['--kernel', kernel, '--timeout', String(BOOT_SECONDS + PATIENCE * 60 * count.minutes)],
    ...(count.append ? ['--append', count.append] : []),
    ...(count.memoryMiB ? ['--memory', String(count.memoryMiB)] : []),
  ]
  const reporters = [
    ...['--test-reporter=./scripts/lib/reporter.ts', '--test-reporter-destination=stdout'],
    ...['--test-reporter=spec', '--test-reporter-destination=stderr'],
  ]
  const named = count.tests ? [`--test-name-pattern=${count.tests}`] : []
  const node = ['node', '--import', './scripts/test.d/leave.ts', '--test', '--test-concurrency=1']
  return [...machine, ...env, '--', ...node, ...reporters, ...named, `test/stress/${count.file}`]
}
