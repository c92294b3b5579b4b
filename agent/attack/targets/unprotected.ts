/** The side without protection. A refusal on the other proves something only if the attempt works here. */
import { type Canary, canaryArgv, newNeedle, startCanary, startProcess } from './canary.ts'
import { newCleanup } from './cleanup.ts'
import { plantDecoys } from './decoy.ts'
import type { CanaryProgram } from './program.ts'
import type { Side } from './side.ts'

/** In place of the agent stands a process with its uid and capabilities. Until `close` there are also BPF objects to find. */
export function openUnprotected(program: CanaryProgram, needle = newNeedle()): Side {
  const cleanup = newCleanup()
  let standIn: Canary | undefined
  const owned = (canary: Canary) => {
    cleanup.add(canary.close)
    return canary
  }
  cleanup.add(plantDecoys(needle).close)
  return {
    bound: program.shells,
    start: async (victim, argv = canaryArgv(program.path)) => owned(await startCanary(victim, needle, argv)),
    agentPid: async () => {
      if (standIn === undefined || !exists(standIn.pid)) standIn = owned(await startStandIn())
      return standIn.pid
    },
    verify: async () => {},
    close: cleanup.run,
  }
}

/** It sleeps for as long as the suite can take, so that nothing is left should this process be killed. */
function startStandIn(): Promise<Canary> {
  return startProcess({ argv: ['/bin/sleep', '3600'], env: { STAND_IN: 'agent' }, as: 'root' }, newNeedle())
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
