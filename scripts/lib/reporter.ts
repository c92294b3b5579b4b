/** A reporter of node:test: one JSON document a line for each test that ended, and for each line that a test wrote; and its reading. */
import type { TestEvent } from 'node:test/reporters'

interface TestEntry {
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
}

/** A line of a test's standard output or one of its diagnostics: its figures. */
interface SaidEntry {
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

export interface Outcomes {
  readonly passed: number
  readonly skipped: number
  /** Names, or why there is none although the run failed. */
  readonly failed: readonly string[]
  /** Lines that the tests wrote. */
  readonly said: readonly string[]
}

/** @param report lines of this reporter, and others between them @param fault how the run ended, unless it ended well */
export function outcomesIn(report: string, fault: string | undefined): Outcomes {
  const entries = report
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Partial<TestEntry & SaidEntry>)
  const named = (outcome: TestEntry['outcome']) =>
    entries.flatMap((entry) => (entry.outcome === outcome ? [entry.name ?? ''] : []))
  const failed = named('failed')
  return {
    passed: named('passed').length,
    skipped: named('skipped').length,
    failed: failed.length === 0 && fault !== undefined ? [fault] : failed,
    said: entries.flatMap(({ said }) => said ?? []),
  }
}
