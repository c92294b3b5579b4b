/** The help of the webhook's command line. */
import type { Kind } from './kinds.ts'
import { envOf, flagOf, NAMES, SETTINGS, type Setting } from './table.ts'

export function helpText(): string {
  const lines = NAMES.map((name) => {
    const { default: otherwise, help }: Setting = SETTINGS[name]
    const kind: Kind = SETTINGS[name].kind
    const words = typeof kind === 'string' ? '' : ` (${kind.join(', ')})`
    const fallback = otherwise === undefined ? ' [required]' : otherwise === '' ? '' : ` [${otherwise}]`
    return `  --${flagOf(name).padEnd(22)}${help}${words}${fallback}`
  })
  return `kernelseal-webhook: seals the secrets of Pods at admission

Usage: webhook/main.ts --agent-image IMAGE [options]

  --config                file with settings, YAML or JSON, keys as below in camelCase (agentImage: …)
${lines.join('\n')}
  --help                  this text

Each option is also read from the environment: --agent-image is ${envOf('agentImage')}. Flag, then environment,
then file, then default. POST /mutate, GET /healthz and GET /readyz are served over TLS, GET /metrics is not.
`
}
