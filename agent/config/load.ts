/** The agent's configuration: a config file on a plain host, or the Pod's annotations in a sidecar. */
import { existsSync, readFileSync } from 'node:fs'
import { reasonOf } from '../options/file-fault.ts'
import { parseAnnotations } from '../policy/annotations.ts'
import { parseConfig } from '../policy/parse.ts'
import { filesOutside } from '../policy/secrets/file-roots.ts'
import { literalsIn } from '../policy/secrets/literal.ts'
import { type Variable, variablesOf } from '../policy/secrets/variables.ts'
import { ADMITTED_VARIABLE, ANNOTATIONS_FILE, PREFIX } from '../policy/sidecar.ts'
import { parseStatus, policyIdentity } from '../policy/status.ts'
import { weakenings } from '../policy/strength/weaker.ts'
import { parseDownwardApi } from '../policy/text/downward-api.ts'
import { formatProblem, UsageError } from '../policy/text/problems.ts'
import { quote } from '../policy/text/suggest.ts'
import type { Config } from '../policy/types.ts'
import { followLinks } from './follow-links.ts'
import { hostNonce } from './nonce.ts'

export interface AgentConfig {
  readonly config: Config
  /** The file it came from. */
  readonly where: string
  /** A whole host or a foreign namespace, not the Pod this agent is a sidecar of. */
  readonly host: boolean
  /** The seed of the placeholders, beside the policy: the same for as long as they are to be valid. */
  readonly identity: string
  readonly variables: readonly Variable[]
  readonly warnings: readonly string[]
  /** Programs whose path is a link, which was followed. */
  readonly followed: readonly string[]
}

export interface ConfigOptions {
  readonly config?: string
  readonly annotations?: string
  /** Of the processes that a config file is for, where it is not the agent's own: `/proc/PID/ns/pid`. */
  readonly 'pid-namespace'?: string
  /** Values may stand in the annotations; in a config file, which root wrote, they always may. */
  readonly 'allow-literal'?: boolean
  /** Directories whose files the annotations may name; a config file may name any. */
  readonly 'file-root'?: readonly string[]
  /** The policy at the Pod's admission, where it is locked: annotations that ask for a weaker one have no effect. */
  readonly admitted?: Config | undefined
}

/** @throws UsageError */
export function admittedPolicy(env: NodeJS.ProcessEnv): Config | undefined {
  const text = env[ADMITTED_VARIABLE]
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as Config
  } catch {
    throw new UsageError(`\`${ADMITTED_VARIABLE}\` is not the JSON that the webhook writes; make the Pod anew`)
  }
}

/** @throws ConfigError, UsageError, Error when the annotations are cut short */
export function loadAgentConfig(options: ConfigOptions, places: Places = PLACES): AgentConfig {
  if (options.config !== undefined) return fromFile(options.config, options)
  const annotations = options.annotations ?? places.annotations
  if (options.annotations !== undefined || existsSync(annotations)) {
    return fromAnnotations(annotations, options)
  }
  if (existsSync(places.config)) return fromFile(places.config, options)
  throw new UsageError(
    `no configuration: give --config FILE, or mount it as \`${places.config}\`; a sidecar has \`${places.annotations}\``,
  )
}

/** Looked at where no option says: a Pod's first, since a file in the image must not take its place. */
interface Places {
  readonly annotations: string
  readonly config: string
}
const PLACES: Places = { annotations: ANNOTATIONS_FILE, config: '/etc/kernelseal/config.yaml' }

function fromFile(path: string, options: ConfigOptions): AgentConfig {
  const root = rootOf(options['pid-namespace'])
  const followed = new Set<string>()
  const follow = (binary: string): string => {
    const real = root === undefined ? binary : followLinks(binary, root)
    if (real !== binary) followed.add(`\`${binary}\` is a link: the program is \`${real}\`, which is bound`)
    return real
  }
  const { config, warnings: found } = parseConfig(readText(path), path, follow)
  const identity = hostNonce()
  const variables = variablesOf(config, [''], identity)
  const warnings = found.map((w) => formatProblem(path, w))
  return { config, where: path, host: true, identity, variables, warnings, followed: [...followed] }
}

/** The root directory of the processes there; undefined: their files are not to be seen by that path. */
function rootOf(pidNamespace: string | undefined): string | undefined {
  if (pidNamespace === undefined) return ''
  const pid = /^\/proc\/(\d+|self)\/ns\/pid$/.exec(pidNamespace)?.[1]
  return pid === undefined ? undefined : `/proc/${pid}/root`
}

function fromAnnotations(path: string, options: ConfigOptions): AgentConfig {
  const { admitted, 'allow-literal': allowLiteral, 'file-root': roots = [] } = options
  const annotations = parseDownwardApi(readText(path))
  const status = parseStatus(annotations[`${PREFIX}status`] ?? '')
  if (!status) {
    throw new UsageError(
      `\`${path}\`: \`${PREFIX}status\` is missing or malformed: the webhook has not injected this Pod`,
    )
  }
  const { config: asked, warnings } = parseAnnotations(annotations, {})
  const weaker = admitted ? weakenings(admitted, asked) : []
  const config = admitted && weaker.length ? admitted : asked
  if (!allowLiteral) refuseLiterals(config, path)
  refuseFiles(config, roots, path)
  const variables = variablesOf(config, status.containers, status.nonce)
  const identity = policyIdentity(status)
  const said = warnings.map((w) => formatProblem('', w))
  const locked = `the policy of admission stays, since that of \`${path}\` is weaker and locked: ${weaker.join('; ')}`
  const all = weaker.length ? [...said, locked] : said
  return { config, where: path, host: false, identity, variables, warnings: all, followed: [] }
}

/** The text of an annotation is no secret: every reader of the Pod has it. */
function refuseLiterals(config: Config, path: string): void {
  const [first] = literalsIn(config)
  if (!first) return
  const { binding, variable } = first
  const hint = 'use a Secret (`secretKeyRef`), or run the agent with --allow-literal'
  throw new UsageError(
    `\`${path}\`: binding \`${binding}\`: the value of \`${variable}\` stands in the annotation; ${hint}`,
  )
}

/** Some of them are other containers', or the agent's own. */
function refuseFiles(config: Config, roots: readonly string[], path: string): void {
  const [first] = filesOutside(config, roots)
  if (!first) return
  const { binding, variable, path: file } = first
  const below = roots.length ? `below ${roots.map(quote).join(', ')}` : 'in no directory that this agent was given'
  throw new UsageError(
    `\`${path}\`: binding ${quote(binding)}: \`${variable}\` names ${quote(file)}, and may name files ${below}; use a Secret (\`secretKeyRef\`), or run the agent with --file-root DIR`,
  )
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`cannot read \`${path}\`: ${reasonOf(error)}`)
  }
}
