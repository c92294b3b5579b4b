/** `kernelseal uninject`: takes an injection out of manifests again. */
import { parseArgs } from 'node:util'
import { rewritePods } from '../../webhook/offline/inject-manifests.ts'
import { uninjectPod } from '../../webhook/offline/uninject-pod.ts'
import { type Command, EXIT } from './command.ts'
import { formatOf, write } from './inject.ts'
import { MANIFEST_HELP, MANIFEST_OPTIONS, readFiles } from './manifests.ts'

const HELP = `usage: kernelseal uninject -f FILE [options]

Writes the manifests to standard output as they were before the webhook or 'kernelseal inject': without agent, volumes
and placeholders; variables that were references to Secret keys are that again. Other objects pass through unchanged.

${MANIFEST_HELP}  -o, --output FORMAT      yaml or json (default: json when every file is)

Exit status: 0, 2 when a file cannot be read.
`

export const uninject: Command = {
  name: 'uninject',
  summary: 'take an injection out of manifests',
  help: HELP,
  run: main,
}

async function main(args: string[]): Promise<number> {
  const options = { ...MANIFEST_OPTIONS, output: { type: 'string', short: 'o' } } as const
  const { values } = parseArgs({ args, options })
  write(readFiles(values.filename), formatOf(values.output), ({ objects }) =>
    objects.map((object) => rewritePods(object, ({ pod }) => uninjectPod(pod))),
  )
  return EXIT.ok
}
