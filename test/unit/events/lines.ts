/** Lines as `describe` makes them of kernel events, for functions that take lines. */
import { describe as lineOf } from '../../../agent/events/describe.ts'
import type { AccessEvent, FailEvent, Task } from '../../../agent/wire/event.ts'

export const task = (pid: number, comm: string): Task => ({
  pid,
  tid: pid,
  nsPid: pid,
  uid: 0,
  comm,
  start: BigInt(pid) * 1000n,
  lineage: 'visitor',
})
const common = { time: 1n, scope: 4_026_531_836, cgroup: 7n, parentPid: 1 }
const TARGET = task(186, 'sleep')

/** One refused look; each from another PID, as a loop in a shell makes them. */
let pid = 1000
export function refused(comm = 'cat', more: Partial<AccessEvent> = {}) {
  const actor = task(pid++, comm)
  const event = { kind: 'access', ...common, actor, target: TARGET, way: 'environ', action: 'blocked' } as const
  return lineOf({ ...event, detail: 0, bindings: 1n, ...more }, [])[0]!
}

export function failed(reason: FailEvent['reason'], file = '/usr/bin/printenv') {
  const event = { kind: 'fail', ...common, actor: task(pid++, 'printenv'), file, bindings: 1n } as const
  return lineOf({ ...event, action: 'killed', reason, error: 0 }, [])[0]!
}

export function delivered() {
  const event = { kind: 'inject', ...common, actor: task(pid++, 'sleep'), file: '/usr/bin/sleep' } as const
  return lineOf({ ...event, bindings: 1n, values: 1, duration: 5000n }, [])
}
