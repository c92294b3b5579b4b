/** Containers of a PID namespace as a runtime starts them: each in a mount namespace that is made outside, before it joins. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { eventually } from './agent-under-test.ts'
import type { PidNamespace } from './pid-namespace.ts'

export interface Container {
  /** Of the runtime's process, outside. */
  readonly outer: number
  /** Has its shell run a line, and returns its output. */
  readonly ask: (line: string) => Promise<string>
  /** Its shell's number in the PID namespace, and its mount namespace. */
  readonly begun: () => Promise<readonly string[]>
  /** The number of its shell outside. */
  readonly pid: () => Promise<number>
  /** Its shell comes to its end, and with it the container. */
  readonly end: () => Promise<void>
}

const SCRIPT = 'echo $$ $(readlink /proc/self/ns/mnt); while read -r line; do eval "$line"; done'
/** An interpreter starts in 10 s on an emulated machine that does other things too; where nothing hangs no wait comes near this. */
const LONGEST_MS = 180_000
const running = new Set<ChildProcessWithoutNullStreams>()

/** A container that stays, and executes commands line by line. */
export function startContainer({ init }: PidNamespace, env: Readonly<Record<string, string>>): Container {
  const join = ['--mount', '--propagation', 'private', 'nsenter', `--pid=/proc/${init}/ns/pid`]
  const shell = spawn('unshare', [...join, '/usr/bin/bash', '-c', SCRIPT], { env: { PATH: '/usr/bin', ...env } })
  running.add(shell)
  const output: string[] = []
  shell.stdout.on('data', (chunk) => output.push(String(chunk)))
  const said = () => output.join('')
  const ask = async (line: string): Promise<string> => {
    const from = said().length
    shell.stdin.write(`${line}; echo over\n`)
    // The match, not its text: a line that prints nothing has an answer too.
    const answer = () => /^([\s\S]*)over\n/.exec(said().slice(from))
    return (await eventually(line, () => answer() ?? undefined, LONGEST_MS))[1]!.trim()
  }
  const begun = () => eventually('the container', () => /^(\d+) (\S+)\n/.exec(said())?.slice(1), LONGEST_MS)
  const children = `/proc/${shell.pid}/task/${shell.pid}/children`
  const pid = () => eventually('its shell', () => Number(readFileSync(children, 'latin1').trim()), LONGEST_MS)
  const end = async () => {
    shell.stdin.end()
    await eventually('its end', () => shell.exitCode !== null, LONGEST_MS)
    running.delete(shell)
  }
  return { outer: shell.pid as number, ask, begun, pid, end }
}

/** Of a test that failed in between. */
export function endContainers(): void {
  for (const container of running) container.kill('SIGKILL')
}
