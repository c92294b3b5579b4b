/**
 * `--secret NAME=REF` or `--config FILE` → the configuration of `kernelseal exec`: one entrypoint and the programs it
 * starts.
 */
import { randomBytes } from 'node:crypto'
import { type AgentConfig, loadAgentConfig } from '../config/load.ts'
import { withDefaults } from '../policy/parse.ts'
import { checkBindings } from '../policy/secrets/check-bindings.ts'
import { readShortForms, type ShortForm } from '../policy/secrets/short-form.ts'
import { variablesOf } from '../policy/secrets/variables.ts'
import { Field } from '../policy/text/field.ts'
import { refuseErrors, reportInto, UsageError } from '../policy/text/problems.ts'
import type { Config, Problem } from '../policy/types.ts'

export interface ExecOptions {
  readonly config?: string
  readonly secret?: readonly string[]
}

/** The one container there is, as on a host, has no name. */
const CONTAINER = ''

/**
 * A scope with lineage, as a Pod's and not as a host's: a binding without a binary is the command itself.
 * @param identity the seed of its placeholders: new, or an earlier scope's, so that its placeholders stay valid
 * @throws ConfigError, UsageError
 */
export function execConfig(
  { config: file, secret = [] }: ExecOptions,
  identity = randomBytes(16).toString('hex'),
): AgentConfig {
  if ((file === undefined) === (secret.length === 0)) {
    throw new UsageError('give --secret NAME=REF, once or more, or --config FILE, and not both')
  }
  const given = file === undefined ? fromFlags(secret) : loadAgentConfig({ config: file })
  const variables = variablesOf(given.config, [CONTAINER], identity)
  return { ...given, host: false, identity, variables }
}

function fromFlags(secrets: readonly string[]): Pick<AgentConfig, 'config' | 'where' | 'warnings' | 'followed'> {
  const found: Problem[] = []
  const bindings = readShortForms(secrets.map((text) => formOf(text, found)))
  checkBindings(bindings)
  refuseErrors('', found)
  const config = withDefaults({ policy: {}, bindings, monitoring: {} })
  return { config, where: 'the command line', warnings: [], followed: [] }
}

/** The text is not repeated in an error: it may be the secret itself, given by mistake. */
function formOf(text: string, found: Problem[]): ShortForm {
  const at = text.indexOf('=')
  if (at <= 0) throw new UsageError('--secret is NAME=REF, REF `file:<absolute path>` or `env:<NAME>`')
  const variable = text.slice(0, at)
  return { variable, field: new Field(text.slice(at + 1), `--secret ${variable}`, reportInto(found)) }
}

/** The agent's own variables that values come from. */
export function sourcesOf({ secrets }: Config): string[] {
  const sources = secrets.flatMap(({ secretRefs }) => secretRefs.map(({ source }) => source))
  return [...new Set(sources.flatMap((source) => (source.kind === 'envRef' ? [source.name] : [])))]
}
