/** A reporter of node:test, beside another one: how a test file's process ended that did not end well, which the others do not say. */
import type { TestEvent } from 'node:test/reporters'

interface End {
  readonly exitCode?: number | null
  readonly signal?: string | null
}

export default async function* ends(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    if (type !== 'test:fail') continue
    const { exitCode, signal } = data.details.error as unknown as End
    if (exitCode === undefined && signal === undefined) continue
    yield `✖ ${data.name}: its process ended with ${signal ?? `status ${exitCode}`}\n`
  }
}
