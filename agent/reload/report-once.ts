/** Logs a persistent failure once, not on every retry. */
import type { Log } from '../events/sinks/log.ts'

type Stage = 'policy' | 'source' | 'register' | 'output' | 'signal'

export interface Causes {
  /** The failures of a stage now; none when it went well. */
  readonly now: (stage: Stage, causes: readonly string[]) => void
}

const TAGS = { policy: 'CONFIG', source: 'ROTATE', register: 'ROTATE', output: 'CONFIG', signal: 'ROTATE' } as const

export function openCauses(log: Log): Causes {
  const said = new Map<Stage, ReadonlySet<string>>()
  const now = (stage: Stage, causes: readonly string[]): void => {
    const before = said.get(stage)
    for (const cause of causes) {
      if (!before?.has(cause)) log.say('error', TAGS[stage], cause, { event: 'reload-failed', stage })
    }
    said.set(stage, new Set(causes))
  }
  return { now }
}
