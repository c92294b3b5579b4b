/** The settings as options of a command line. */
import type { Completes, Option } from '../../agent/options/table.ts'
import type { Kind } from './kinds.ts'
import { flagOf, NAMES, SETTINGS, type Setting, type SettingName } from './table.ts'

const VALUES = {
  text: 'TEXT',
  address: 'URL',
  quantity: 'QUANTITY',
  port: 'PORT',
  seconds: 'SECONDS',
  list: 'A,B',
  word: 'WORD',
}

const CONFIG: Option = {
  value: 'FILE',
  completes: 'files',
  help: 'file with settings, YAML or JSON, keys as below in camelCase (agentImage: …)',
}

export const OPTIONS: Readonly<Record<string, Option>> = {
  config: CONFIG,
  ...Object.fromEntries(NAMES.map((name) => [flagOf(name), optionOf(name)])),
}

/** Without a default of the parser: an absent flag leaves the word to the environment and the file. */
function optionOf(name: SettingName): Option {
  const { kind, default: otherwise, help }: Setting = SETTINGS[name]
  const fallback = otherwise === undefined ? ' (required)' : otherwise === '' ? '' : ` (default: ${otherwise})`
  return { value: VALUES[wordOf(kind)], completes: completesOf(name, kind), help: `${help}${fallback}` }
}

function wordOf(kind: Kind): keyof typeof VALUES {
  return typeof kind === 'string' ? kind : 'word'
}

function completesOf(name: SettingName, kind: Kind): Completes {
  if (typeof kind !== 'string') return kind
  return name === 'caOut' || name.endsWith('File') ? 'files' : 'nothing'
}
