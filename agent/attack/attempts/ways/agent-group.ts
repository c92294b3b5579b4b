/** Row 12: the agent by its control group, which freezes, starves or ends all that is in it. Opened for writing and closed again. */
import { closeSync, constants, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Attempt, Impossible, leaked, type Outcome, prepare, type Target } from '../../attempt.ts'

const GROUPS = '/sys/fs/cgroup'
/** The root of the hierarchy has but the last. */
const FILES = ['cgroup.freeze', 'cgroup.kill', 'memory.max', 'cgroup.procs'] as const

export const agentGroupAttempts: readonly Attempt[] = [
  {
    row: 12,
    switch: 'always',
    proof: 'refusal',
    id: 'agent-group',
    title: "open a file of the agent's control group for writing",
    run: openOne,
  },
]

function openOne({ agentPid }: Target): Outcome {
  if (agentPid === undefined) throw new Impossible('no agent to attack')
  const groups = prepare("the agent's group", () => readFileSync(`/proc/${agentPid}/cgroup`, 'utf8'))
  const path = /^0::(.*)$/m.exec(groups)?.[1]
  if (path === undefined) throw new Impossible('no unified hierarchy')
  for (const name of FILES) {
    const fd = openIfThere(join(GROUPS, path, name))
    if (fd === undefined) continue
    closeSync(fd)
    return leaked(`opened ${name}`)
  }
  throw new Impossible(`no file of its group in ${GROUPS}`)
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EROFS') return undefined
    throw error
  }
}
