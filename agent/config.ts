/** What the agent runs with: a config file on a plain host, or the Pod's annotations in a sidecar. */
import { existsSync, readFileSync } from 'node:fs'
import { UsageError } from './cli/command.ts'
import { hostNonce } from './nonce.ts'
import { parseAnnotations } from './policy/annotations.ts'
import { parseDownwardApi } from './policy/downward-api.ts'
import { parseConfig } from './policy/parse.ts'
import { formatProblem } from './policy/problems.ts'
import { ANNOTATIONS_FILE, PREFIX } from './policy/sidecar.ts'
import { parseStatus } from './policy/status.ts'
import type { Config } from './policy/types.ts'
import { type Variable, variablesOf } from './policy/variables.ts'

export interface AgentConfig {
  readonly config: Config
  /** The file it came from. */
  readonly where: string
  /** A whole host or a foreign namespace, not the Pod this agent is a sidecar of. */
  readonly host: boolean
  readonly variables: readonly Variable[]
  readonly warnings: readonly string[]
}

/** @throws ConfigError, UsageError */
export function loadAgentConfig(options: { config?: string; annotations?: string }): AgentConfig {
  if (options.config !== undefined) return fromFile(options.config)
  const annotations = options.annotations ?? ANNOTATIONS_FILE
  if (options.annotations !== undefined || existsSync(annotations)) return fromAnnotations(annotations)
  throw new UsageError(`no configuration: give --config FILE, or run as a sidecar with \`${ANNOTATIONS_FILE}\` mounted`)
}

function fromFile(path: string): AgentConfig {
  const { config, warnings } = parseConfig(readText(path), path)
  const variables = variablesOf(config, [''], hostNonce())
  return { config, where: path, host: true, variables, warnings: warnings.map((w) => formatProblem(path, w)) }
}

function fromAnnotations(path: string): AgentConfig {
  const annotations = parseDownwardApi(readText(path))
  const status = parseStatus(annotations[`${PREFIX}status`] ?? '')
  if (!status) {
    throw new UsageError(
      `\`${path}\`: \`${PREFIX}status\` is missing or malformed: the webhook has not injected this Pod`,
    )
  }
  const { config, warnings } = parseAnnotations(annotations, {})
  const variables = variablesOf(config, status.containers, status.nonce)
  return { config, where: path, host: false, variables, warnings: warnings.map((w) => formatProblem('', w)) }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    throw new UsageError(`cannot read \`${path}\`: ${code === 'ENOENT' ? 'there is no such file' : code}`)
  }
}
