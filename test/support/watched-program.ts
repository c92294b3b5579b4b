/** A program that watches one of its variables, as a container of a PID namespace, and events of perf that stay open beside it. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { eventually } from './agent-under-test.ts'
import { fileOf, type Kind, perfOpen } from './perf-open.ts'
import type { PidNamespace } from './pid-namespace.ts'

/** Says `x` after its value's length, and `!` each time that its variable is not what it was. */
const PROGRAM = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
extern volatile unsigned short data_start;
int main(void)
{
	printf("%zu x", strlen(getenv("PASSWORD")));
	fflush(stdout);
	for (unsigned short was = data_start;;)
		if (data_start != was) {
			write(1, "!", 1);
			while (data_start != was)
				;
		}
}
`

export interface Watched {
  readonly child: ChildProcess
  /** In the PID namespace, and outside. */
  readonly pid: number
  readonly outer: number
  readonly said: () => string
  readonly end: () => void
}

export interface Starting {
  /** Outside. */
  readonly pid: number
  /** Lets it exec. @returns its first words; none where it ended instead */
  readonly release: () => Promise<string>
}

const children: ChildProcess[] = []

export function endAll(): void {
  for (const child of children) child.kill('SIGKILL')
}

export function buildWatched(path: string): void {
  const built = spawnSync('gcc', ['-O1', '-x', 'c', '-o', path, '-'], { input: PROGRAM, encoding: 'utf8' })
  assert.equal(built.status, 0, built.stderr)
}

export async function watched(space: PidNamespace, path: string, password: string): Promise<Watched> {
  const { child, said } = start([...space.enter, path], { PASSWORD: password })
  await eventually('its start', () => said().includes(' x'))
  const outer = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'latin1'))
  const numbers = /^NSpid:\t(.*)$/m.exec(readFileSync(`/proc/${outer}/status`, 'latin1'))![1]!.split('\t')
  return { child, pid: Number(numbers.at(-1)), outer, said, end: () => void process.kill(outer, 'SIGKILL') }
}

/** A shell that is about to become the program. */
export async function atExec(space: PidNamespace, path: string, password: string): Promise<Starting> {
  const { child, said } = start([...space.enter, '/bin/sh', '-c', 'read -r line; exec "$0"', path], {
    PASSWORD: password,
  })
  const pid = await eventually('the shell', () => shellOf(child.pid!))
  const release = async () => {
    child.stdin!.end('go\n')
    await eventually('its start or end', () => said() !== '' || child.exitCode !== null || child.signalCode !== null)
    return said()
  }
  return { pid, release }
}

/** The shell that nsenter(1) has started, once it is one. */
function shellOf(pid: number): number | undefined {
  const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1'))
  return child && readFileSync(`/proc/${child}/comm`, 'latin1') === 'sh\n' ? child : undefined
}

/** An event of the machine's root, which stays open until a line comes. @param path of a uprobe */
export async function hold(kind: Kind, pid: number, path: string): Promise<ChildProcess> {
  const { child, said } = start(perfOpen(kind, pid), { ...fileOf(path), KS_HOLD: '1' })
  await eventually('the event', () => said().includes('\n'))
  assert.equal(said(), 'ok\n')
  return child
}

function start([command = '', ...args]: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  return { child, said: () => output }
}
