/**
 * `node two-scopes.ts CONFIG NAMESPACE CONFIG NAMESPACE`: one agent that serves two PID namespaces. Says `{ ready: true }` to its
 * parent; of that it takes the words below, and answers each.
 */
import { loadAgentConfig } from '../../../agent/config/load.ts'
import { openLog } from '../../../agent/events/sinks/log.ts'
import { openOutput, STDOUT } from '../../../agent/events/sinks/output.ts'
import type { ScopeOptions } from '../../../agent/run/served-scope.ts'
import { startSession } from '../../../agent/run/session.ts'
import { scopeNumber } from '../../../agent/scope/scope.ts'
import { openSources } from '../../../agent/sources/sources.ts'

export type Word = 'reload' | 'metrics' | 'leave second' | 'end'

const log = openLog('json', 'info', openOutput(STDOUT))
const [first, firstSpace, second, secondSpace] = process.argv.slice(2) as [string, string, string, string]

const optionsOf = (config: string, namespace: string): ScopeOptions => {
  const load = () => loadAgentConfig({ config })
  const scope = scopeNumber(namespace)
  return { agent: load(), scope, log, sources: openSources(), load, locked: false, stays: true }
}

const session = await startSession(optionsOf(first, firstSpace))
const further = await session.serve(optionsOf(second, secondSpace))

const answers: Record<Word, () => Promise<unknown>> = {
  reload: () => session.reload(),
  metrics: () => session.metrics.registry.metrics(),
  'leave second': () => further.close(),
  end: async () => {
    await session.close()
    process.disconnect()
  },
}
process.on('message', (word: Word) => {
  void answers[word]().then((answer) => process.connected && process.send?.({ word, answer }))
})
process.send?.({ ready: true })
