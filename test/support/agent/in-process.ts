/**
 * The agent's command line without a process of its own, where a test is about its words and statuses: most of such a process's time is
 * Node's start. Standard input is this process's, so a command that reads it needs a process.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { runCommandLine } from '../../../agent/cli/commands.ts'

type Outputs = Record<'stdout' | 'stderr', string>

/** By the call that writes: calls may overlap, and node:test writes its results to standard output meanwhile. */
const outputs = new AsyncLocalStorage<Outputs>()

for (const name of ['stdout', 'stderr'] as const) {
  const stream = process[name]
  const write = stream.write.bind(stream) as (...args: readonly unknown[]) => boolean
  stream.write = (...args: readonly unknown[]): boolean => {
    const store = outputs.getStore()
    if (store === undefined) return write(...args)
    store[name] += args[0]
    return true
  }
}

/** `kernelseal ARGS…`, as far as to its exit status. */
export async function kernelseal(...args: readonly string[]): Promise<Outputs & { readonly status: number }> {
  const written = { stdout: '', stderr: '' }
  const status = await outputs.run(written, () => runCommandLine(args))
  return { status, ...written }
}
