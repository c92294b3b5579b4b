/** scripts/demo, shown as it runs, with its text and its agent's metrics kept. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { lastPage } from './relay.ts'

const PROGRAM = join(import.meta.dirname, '../demo')

export interface DemoRun {
  readonly output: string
  /** Unix time in seconds of the agent's last metrics. */
  readonly until: number
}

/** @param metrics file for the agent's newest /metrics page @throws Error when the demo fails */
export async function runDemo(kernel: string, metrics: string): Promise<DemoRun> {
  const child = spawn(PROGRAM, ['--kernel', kernel, '--metrics', metrics], { stdio: ['ignore', 'pipe', 'inherit'] })
  process.once('exit', () => child.kill('SIGTERM'))
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
    process.stdout.write(chunk)
  })
  const [status] = (await once(child, 'close')) as [number | null]
  if (status !== 0) throw new Error(`scripts/demo ended with status ${status}: no pictures are made of a failed run`)
  const page = lastPage(metrics)
  if (page === undefined) throw new Error('scripts/demo kept no metrics of its agent: its messages are above')
  return { output, until: Math.floor(page / 1000) }
}
