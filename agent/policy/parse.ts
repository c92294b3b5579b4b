/** Configuration text → policy, with the defaults filled in and everything wrong named at once. */

import { DEFAULT_MONITORING, DEFAULT_POLICY, type Draft, type Located, readConfig } from './schema.ts'
import { checkBindings } from './secrets/check-bindings.ts'
import { warnAboutLinks } from './secrets/links.ts'
import { type Document, readDocument } from './text/document.ts'
import { Field } from './text/field.ts'
import { refuseErrors, reportInto } from './text/problems.ts'
import type { Config, Problem } from './types.ts'

export { ConfigError } from './text/problems.ts'

/**
 * Reads a config file, YAML or JSON (version 1 of the schema).
 * @param where name of the text in messages: the file's path
 * @param follow a program's path → its real one, where the files are to be seen
 * @throws ConfigError naming every error as `where:line: path: message (hint)`
 */
export function parseConfig(
  text: string,
  where: string,
  follow = (path: string): string => path,
): { config: Config; warnings: Problem[] } {
  const document = readDocument(text, where)
  const found: Problem[] = []
  const read = readRoot(document, found, where)
  const draft = { ...read, bindings: read.bindings.map((at) => withRealPath(at, follow)) }
  checkBindings(draft.bindings)
  warnAboutLinks(draft.bindings)
  warnAboutContainers(draft.bindings)
  const report = reportInto(found)
  if (draft.bindings.length === 0) report.warning('secrets', 'is empty or absent: nothing is sealed', 'add a binding')
  const warnings = refuseErrors(where, found)
  return { config: withDefaults(draft), warnings: [...warnings] }
}

/** Two paths of one program are one, also for the checks that compare bindings. */
function withRealPath(at: Located, follow: (path: string) => string): Located {
  const { selector } = at.binding
  if (!selector.binary?.startsWith('/')) return at
  return { ...at, binding: { ...at.binding, selector: { ...selector, binary: follow(selector.binary) } } }
}

/** A config file is for a plain host, where processes belong to no container. */
function warnAboutContainers(bindings: Draft['bindings']): void {
  for (const { binding, field } of bindings) {
    if (binding.selector.container === undefined) continue
    const path = `${field.path}.selector.container`
    field.report.warning(path, 'names a container, and a host has none: this binding gives no variable', 'remove it')
  }
}

function readRoot(document: Document, found: Problem[], where: string): Draft {
  const report = reportInto(found, '', document.lineOf, where)
  return readConfig(new Field(document.value, '', report))
}

export function withDefaults(draft: Draft): Config {
  return {
    version: 'v1',
    policy: { ...DEFAULT_POLICY, ...draft.policy },
    onFailure: draft.onFailure ?? 'kill',
    secrets: draft.bindings.map(({ binding }) => binding),
    monitoring: { ...DEFAULT_MONITORING, ...draft.monitoring },
  }
}
