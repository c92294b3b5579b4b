/** The help of the webhook's command line. */
import { optionLines } from '../../agent/options/help.ts'
import { OPTIONS } from './options.ts'
import { envOf } from './table.ts'

export function helpText(): string {
  return `kernelseal-webhook: seals the secrets of Pods at admission

usage: kernelseal-webhook --agent-image IMAGE [options]
       kernelseal-webhook version [--json]
       kernelseal-webhook completion bash|zsh|fish

${optionLines({ ...OPTIONS, version: { help: 'the version' } })}
Each option is also read from the environment: --agent-image is ${envOf('agentImage')}. Flag, then environment,
then file, then default. POST /mutate, GET /healthz and GET /readyz are served over TLS, GET /metrics is not.

Exit status: 0 after SIGTERM or SIGINT, 2 for a wrong setting, 1 for everything else.
`
}
