/** A reporter of node:test: one JSON document a line for each test that ended. */
import type { TestEvent } from 'node:test/reporters'

export interface TestEntry {
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
}

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue
    if (data.details.type === 'suite') continue
    const skipped = data.skip !== undefined || data.todo !== undefined
    const entry: TestEntry = {
      name: data.name,
      outcome: skipped ? 'skipped' : type === 'test:pass' ? 'passed' : 'failed',
    }
    yield `${JSON.stringify(entry)}\n`
  }
}
