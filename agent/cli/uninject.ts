/** `kernelseal uninject`: takes an injection out of manifests again. */
import { rewritePods } from '../../webhook/offline/inject-manifests.ts'
import { uninjectPod } from '../../webhook/offline/uninject-pod.ts'
import { command } from '../options/command.ts'
import type { NothingLeft, Values } from '../options/table.ts'
import { EXIT } from './command.ts'
import { OUTPUT_OPTION, write } from './inject.ts'
import { MANIFEST_OPTIONS, readFiles } from './manifests.ts'

const TEXT = `Writes the manifests to standard output as they were before the webhook or 'kernelseal inject': without agent, volumes
and placeholders; variables that were references to Secret keys are that again. Other objects pass through unchanged.`

const OPTIONS = { ...MANIFEST_OPTIONS, ...OUTPUT_OPTION } as const

export const uninject = command({
  name: 'uninject',
  summary: 'take an injection out of manifests',
  usage: '-f FILE [options]',
  text: TEXT,
  options: OPTIONS,
  exit: '0, 2 when a file cannot be read.',
  run: main,
})

async function main({ filename, recursive, output, ...left }: Values<typeof OPTIONS>): Promise<number> {
  left satisfies NothingLeft
  write(readFiles(filename, recursive), output, ({ objects }) =>
    objects.map((object) => rewritePods(object, ({ pod }) => uninjectPod(pod))),
  )
  return EXIT.ok
}
