/**
 * The agent's /metrics page on its way out of the VM, which has no network and no folder to write to: a marked line on standard error.
 * Packed it is shorter than the 4,096 bytes (PIPE_BUF) that a pipe takes as a whole, so that no other line comes into it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { gunzipSync, gzipSync } from 'node:zlib'

const MARK = 'metrics-page:'

export function lineOf(page: string): string {
  return `${MARK}${gzipSync(page, { level: 9 }).toString('base64')}\n`
}

/** @returns the page, or nothing where it is a line of another kind */
export function pageIn(line: string): string | undefined {
  if (!line.startsWith(MARK)) return undefined
  return gunzipSync(Buffer.from(line.slice(MARK.length), 'base64')).toString()
}

/** In the VM: a process of its own, since the attacks keep this one busy. */
export function startRecorder(): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, 'recorder.ts')], { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** On the machine: the newest page becomes the file, all other lines are passed on. */
export function keepPages(stream: Readable, file: string): void {
  createInterface({ input: stream }).on('line', (line) => {
    const page = pageIn(line)
    if (page === undefined) return void process.stderr.write(`${line}\n`)
    writeFileSync(`${file}.new`, page)
    renameSync(`${file}.new`, file) // a reader never sees half a page
  })
}
