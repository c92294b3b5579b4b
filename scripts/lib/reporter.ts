/** A reporter of node:test: one JSON document a line for each test that ended, and for each line that a test wrote. */
import type { TestEvent } from 'node:test/reporters'

export interface TestEntry {
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
}

/** A line of a test's standard output or one of its diagnostics: its figures. */
export interface SaidEntry {
  readonly said: string
}

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    const entries = event.type === 'test:stdout' ? saidIn(event.data.message) : endOf(event)
    for (const entry of entries) yield `${JSON.stringify(entry)}\n`
  }
}

function saidIn(text: string): SaidEntry[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((said) => ({ said }))
}

function endOf({ type, data }: TestEvent): (TestEntry | SaidEntry)[] {
  // The runner's own diagnostics, such as `tests 3`, belong to no file.
  if (type === 'test:diagnostic') return data.file ? saidIn(data.message) : []
  if (type !== 'test:pass' && type !== 'test:fail') return []
  if (data.details.type === 'suite') return []
  const skipped = data.skip !== undefined || data.todo !== undefined
  return [{ name: data.name, outcome: skipped ? 'skipped' : type === 'test:pass' ? 'passed' : 'failed' }]
}
