import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { otherProcesses } from '../../../agent/linux/procfs.ts'
import { temporaryFolder } from '../temporary.ts'

const FORKED = 0x40
const EXECUTED = 0x400100

/** Of proc_pid_stat(5): the state, the parent and the flags; the name may hold parentheses. */
const stat = (state: string, parent: number, flags: number): string =>
  `7 (a) Z) ${state} ${parent} 7 7 0 -1 ${flags} 100 0`

interface Shown {
  readonly stat: string
  readonly namespace?: string
}

/** A procfs with the agent as `self`, in namespace 1. */
function procfs(name: string, shown: Readonly<Record<string, Shown>>): string {
  const proc = join(temporaryFolder('procfs'), name)
  for (const [pid, { stat, namespace }] of Object.entries({ self: { stat: '', namespace: '1' }, ...shown })) {
    mkdirSync(join(proc, pid, 'ns'), { recursive: true })
    writeFileSync(join(proc, pid, 'stat'), stat)
    if (namespace !== undefined) symlinkSync(`mnt:[${namespace}]`, join(proc, pid, 'ns/mnt'))
  }
  return proc
}

it('entrypoints and their children count; the pause container, the agent, and what has ended do not', () => {
  const proc = procfs('running', {
    1: { stat: stat('S', 0, EXECUTED), namespace: '0' },
    8: { stat: stat('S', 0, EXECUTED), namespace: '1' },
    20: { stat: stat('S', 0, EXECUTED), namespace: '2' },
    21: { stat: stat('R', 20, FORKED), namespace: '2' },
    22: { stat: stat('Z', 20, EXECUTED) },
    23: { stat: stat('Z', 20, EXECUTED), namespace: '2' },
  })
  assert.deepEqual(otherProcesses(proc), [20, 21])
})

it('a runtime’s process on its way into a container is not looked at', () => {
  const proc = procfs('starting', {
    20: { stat: stat('S', 0, EXECUTED), namespace: '2' },
    // Were it looked at, its namespace would make it count.
    30: { stat: stat('S', 0, FORKED), namespace: '3' },
  })
  assert.deepEqual(otherProcesses(proc), [20])
})
