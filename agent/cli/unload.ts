/** `kernelseal unload`: removes the programs and maps pinned on this node. */
import { otherSets, unpinOther, unpinSet } from '../node/pin-set.ts'
import * as pins from '../node/pins.ts'
import { command } from '../options/command.ts'
import type { NothingLeft, Values } from '../options/table.ts'
import { surveyNode } from '../scope/status.ts'
import { complain, EXIT } from './command.ts'

const OPTIONS = {
  force: { help: 'also while sealed processes or agents live: their memory is readable by root from then on' },
} as const

export const unload = command({
  name: 'unload',
  summary: 'take everything away that is pinned on this node',
  usage: '[--force]',
  text: 'Takes programs and maps of this node away. Refused while sealed processes or agents live.',
  options: OPTIONS,
  exit: '0 when nothing is pinned any more, 1 when it was refused.',
  run: main,
})

async function main({ force, ...left }: Values<typeof OPTIONS>): Promise<number> {
  left satisfies NothingLeft
  if (!pins.isPinned() && !otherSets().length) return EXIT.ok
  return pins.withLock(() => {
    const survey = force ? undefined : surveyNode()
    const sealed = survey?.scopes.reduce((sum, scope) => sum + scope.sealed, 0) ?? 0
    const agents = survey?.scopes.filter((scope) => scope.agent).length ?? 0
    const older = otherSets().flatMap(({ scopes }) => scopes).length
    if (!force && older) {
      complain(`sets of other versions have ${older} scopes; end those first, or give --force to expose them`)
      return EXIT.failed
    }
    if (!force && (sealed || agents)) {
      complain(`${sealed} sealed processes and ${agents} agents live; stop them first, or give --force to expose them`)
      return EXIT.failed
    }
    unpinSet()
    for (const { abi } of otherSets()) unpinOther(abi)
    return EXIT.ok
  })
}
