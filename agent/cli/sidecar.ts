/** `kernelseal sidecar`: `run` for a Pod that ends, where Kubernetes would wait for the agent to end first. */

import { otherProcesses } from '../linux/procfs.ts'
import { command } from '../options/command.ts'
import type { Values } from '../options/table.ts'
import { UsageError } from '../policy/text/problems.ts'
import { quote } from '../policy/text/suggest.ts'
import { runAgent } from './run.ts'
import { RUN_OPTIONS } from './run-options.ts'

const TEXT = `Does what 'kernelseal run' does, and ends with status 0 once the Pod's other containers have had no process for SECONDS
seconds, after they had one. For Jobs where Kubernetes has no native sidecars (before 1.29).`

const OPTIONS = {
  'end-after': { value: 'SECONDS', completes: 'nothing', help: 'how long the Pod has to be without a process' },
  ...RUN_OPTIONS,
} as const

export const sidecar = command({
  name: 'sidecar',
  summary: 'run until the Pod has ended',
  usage: "--end-after SECONDS [options of 'kernelseal run']",
  text: TEXT,
  options: OPTIONS,
  exit: "as of 'kernelseal run'.",
  run: main,
})

const LOOK_MS = 500

async function main({ 'end-after': text, ...rest }: Values<typeof OPTIONS>): Promise<number> {
  if (text === undefined) throw new UsageError('give --end-after SECONDS')
  if (!/^[1-9][0-9]{0,4}$/.test(text)) throw new UsageError(`--end-after is 1 to 99999 s, not ${quote(text)}`)
  const watching = setInterval(watch(Number(text) * 1000), LOOK_MS)
  try {
    return await runAgent(rest)
  } finally {
    clearInterval(watching)
  }
}

/** Ends this process the way the kubelet would. */
function watch(idleMs: number, now = Date.now): () => void {
  let lastSeen: number | undefined
  return () => {
    if (otherProcesses().length > 0) lastSeen = now()
    else if (lastSeen !== undefined && now() - lastSeen >= idleMs) process.kill(process.pid, 'SIGTERM')
  }
}
