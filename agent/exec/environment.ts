/**
 * The environment `kernelseal exec` was started with, which may hold secrets (`env:<NAME>`). It goes to the agent, which is
 * guarded, through a memory file; here nothing of it stays, neither in the heap nor in /proc/PID/environ.
 */
import { closeSync, fstatSync, readSync, writeSync } from 'node:fs'
import { statFields } from '../linux/procfs.ts'
import { memoryAt, sys } from '../linux/syscall.ts'

/** The strings on this process's own stack, where the kernel put them (proc_pid_stat(5), env_start and env_end). */
export function ownEnvironment(): Buffer {
  const field = statFields('self')
  const [start, end] = [Number(field(50)), Number(field(51))]
  return memoryAt(start, end - start)
}

/** @returns a descriptor of a memory file that holds the strings, for the agent to inherit */
export function memoryOf(strings: Buffer): number {
  const memory = sys('memfd_create', 'kernelseal-environment', 0)
  writeSync(memory, strings)
  return memory
}

/** The agent's side: takes the variables that values come from into its own environment. */
export function takeVariables(memory: number, names: readonly string[]): void {
  const strings = Buffer.alloc(fstatSync(memory).size)
  readSync(memory, strings, 0, strings.length, 0)
  closeSync(memory)
  for (const name of names) {
    const place = placeOf(strings, name)
    if (place) process.env[name] = strings.toString('utf8', ...place)
  }
  strings.fill(0)
}

/** Overwrites values where they stand. These variables are empty in the environment afterwards. */
export function wipe(strings: Buffer, names: readonly string[]): void {
  for (const name of names) {
    const place = placeOf(strings, name)
    if (place) strings.fill(0, ...place)
  }
}

/** Where the value of a variable begins and ends. */
function placeOf(strings: Buffer, name: string): [from: number, to: number] | undefined {
  const key = Buffer.from(`${name}=`)
  for (let at = 0; at < strings.length; ) {
    const nul = strings.indexOf(0, at)
    const end = nul < 0 ? strings.length : nul
    if (strings.subarray(at, at + key.length).equals(key)) return [at + key.length, end]
    at = end + 1
  }
  return undefined
}
