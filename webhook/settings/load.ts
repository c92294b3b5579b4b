/** Reads the settings from flags, environment and file. */
import { readFileSync } from 'node:fs'
import { reasonOf } from '../../agent/options/file-fault.ts'
import { parseOptions } from '../../agent/options/parse.ts'
import type { Option, Options } from '../../agent/options/table.ts'
import { wrongFileRoot } from '../../agent/policy/secrets/file-roots.ts'
import { readDocument } from '../../agent/policy/text/document.ts'
import { Field } from '../../agent/policy/text/field.ts'
import { wrongPath, wrongSecretName } from '../../agent/policy/text/names.ts'
import { ConfigError, reportInto, UsageError } from '../../agent/policy/text/problems.ts'
import { quote } from '../../agent/policy/text/suggest.ts'
import type { Problem } from '../../agent/policy/types.ts'
import { parseSetting } from './kinds.ts'
import { OPTIONS } from './options.ts'
import { envOf, flagOf, NAMES, SETTINGS, type Setting, type SettingName, type Settings } from './table.ts'

export { helpText } from './help.ts'
export type { Settings } from './table.ts'

/** A setting as it was given, and where. */
interface Given {
  readonly text: string
  readonly from: string
}

/**
 * A flag wins over the environment, that over the file of `--config`, that over the default.
 * @throws ConfigError that names each wrong setting and where it was given
 */
export function loadSettings(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Settings {
  const flags = readFlags(argv)
  const file = flags.config === undefined ? {} : readFile(flags.config)
  const found: Problem[] = []
  const values = NAMES.map((name) => [name, readSetting(name, given(name, flags, env, file), found)] as const)
  const settings = Object.fromEntries(values) as unknown as Settings
  if ((settings.certFile === '') !== (settings.keyFile === '')) {
    const missing = settings.certFile === '' ? 'cert-file' : 'key-file'
    found.push({
      severity: 'error',
      path: `--${missing}`,
      message: 'is missing: a certificate and its key go together',
    })
  }
  found.push(...problemsOfVault(settings), ...problemsOfRoots(settings), ...problemsOfPullSecrets(settings))
  if (found.length > 0) throw new ConfigError('', found)
  return settings
}

/** The agents say the same, but in every Pod. */
function problemsOfVault({ vaultAddress, vaultRole }: Settings): Problem[] {
  if (vaultAddress === '' || vaultRole !== '') return []
  return [
    {
      severity: 'error',
      path: `--${flagOf('vaultRole')}`,
      message: 'is missing: agents log in to Vault with a role',
    },
  ]
}

function problemsOfRoots({ agentFileRoots }: Settings): Problem[] {
  return agentFileRoots.flatMap((root) => {
    const wrong = wrongPath(root) ?? wrongFileRoot(root)
    return wrong ? [{ severity: 'error', path: `--${flagOf('agentFileRoots')}`, ...wrong }] : []
  })
}

function problemsOfPullSecrets({ agentPullSecrets }: Settings): Problem[] {
  return agentPullSecrets.flatMap((name) => {
    const wrong = wrongSecretName(name)
    return wrong ? [{ severity: 'error', path: `--${flagOf('agentPullSecrets')}`, ...wrong }] : []
  })
}

function given(
  name: SettingName,
  flags: Readonly<Record<string, string | undefined>>,
  env: Readonly<Record<string, string | undefined>>,
  file: Readonly<Record<string, Given>>,
): Given | undefined {
  const flag = flags[flagOf(name)]
  if (flag !== undefined) return { text: flag, from: `--${flagOf(name)}` }
  const variable = env[envOf(name)]
  if (variable !== undefined) return { text: variable, from: `$${envOf(name)}` }
  return file[name]
}

function readSetting(name: SettingName, value: Given | undefined, found: Problem[]): unknown {
  const setting: Setting = SETTINGS[name]
  const text = value?.text ?? setting.default
  const path = value?.from ?? `--${flagOf(name)}`
  if (text === undefined || (text === '' && setting.default === undefined)) {
    const hint = `give \`--${flagOf(name)}\`, \`$${envOf(name)}\` or \`${name}\` in the file`
    found.push({ severity: 'error', path, message: 'is missing', hint })
    return undefined
  }
  const parsed = parseSetting(setting.kind, text)
  if ('expected' in parsed) {
    // An address may have a password in it.
    const message =
      setting.kind === 'address' ? `is not ${parsed.expected}` : `is ${quote(text)}, must be ${parsed.expected}`
    found.push({ severity: 'error', path, message })
    return undefined
  }
  return parsed.value
}

function readFlags(argv: readonly string[]): Readonly<Record<string, string | undefined>> {
  try {
    // The words of a setting are checked with its place, wherever it was given.
    return parseOptions(UNCHECKED, argv).values as Readonly<Record<string, string | undefined>>
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new ConfigError('', [{ severity: 'error', path: 'command line', message: error.message }])
  }
}

const UNCHECKED: Options = Object.fromEntries(
  Object.entries(OPTIONS).map(([name, option]): [string, Option] => [
    name,
    { ...option, completes: 'nothing' } as Option,
  ]),
)

/** YAML or JSON with the settings' names as keys; numbers and lists may be written as such. */
function readFile(path: string): Record<string, Given> {
  const document = readDocument(readText(path), path)
  const found: Problem[] = []
  const keys = new Field(document.value, '', reportInto(found, '', document.lineOf)).mapping(NAMES)
  const entries = NAMES.flatMap((name) => {
    const field = keys?.get(name)
    if (field === undefined) return []
    const line = document.lineOf(name)
    const text = Array.isArray(field.value) ? field.value.join(',') : String(field.value)
    return [[name, { text, from: `${path}${line === undefined ? '' : `:${line}`}: ${name}` }] as const]
  })
  if (found.length > 0) throw new ConfigError(path, found)
  return Object.fromEntries(entries)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const message = `cannot read ${quote(path)}: ${reasonOf(error)}`
    throw new ConfigError('', [{ severity: 'error', path: '--config', message }])
  }
}
