/** Findings as SARIF 2.1.0 (OASIS), which code scanning reads. */
import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Located } from './coordinates.ts'

const RULES = [
  { id: 'manifest', text: 'A mistake in the annotations, labels or references of a Kubernetes manifest' },
  { id: 'config', text: 'A mistake in a config file of the agent' },
  { id: 'syntax', text: 'A file that is no YAML' },
] as const

/** @param version of the program */
export function sarifReport(findings: readonly Located[], version: string): string {
  const rules = RULES.map(({ id, text }) => ({ id, shortDescription: { text } }))
  const driver = { name: 'kernelseal', version, rules }
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver }, columnKind: 'utf16CodeUnits', results: findings.map(resultOf) }],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

/** A file that cannot be parsed has neither objects nor keys to name. */
function ruleOf(object: string, text: string): (typeof RULES)[number]['id'] {
  if (object !== '') return 'manifest'
  return text.startsWith('is not valid YAML') ? 'syntax' : 'config'
}

function resultOf({ severity, where, line, column, object, text }: Located) {
  const region = { startLine: line, startColumn: column }
  return {
    ruleId: ruleOf(object, text),
    level: severity,
    message: { text: object === '' ? text : `${object}: ${text}` },
    locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(where) }, region } }],
  }
}

/** Relative to the folder that was checked out, as code scanning wants it. */
function uriOf(where: string): string {
  if (isAbsolute(where)) return pathToFileURL(where).href
  return where.split('/').map(encodeURIComponent).join('/')
}
