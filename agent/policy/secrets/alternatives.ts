/** How many bindings may give one variable: its placeholder stands for a value of each of them. */
import type { Located } from '../schema.ts'
import { quote } from '../text/suggest.ts'

/** Values that the kernel keeps for one placeholder (KS_ALTERNATIVES in bpf/lib/wire/limit.h). */
export const MAX_ALTERNATIVES = 8

/** A binding without a container brings its variables to every one. */
export function checkAlternatives(located: readonly Located[]): void {
  const givers = new Map<string, Located[]>()
  for (const at of located) {
    for (const name of new Set(at.binding.secretRefs.map((ref) => ref.name))) {
      const known = givers.get(name)
      if (known === undefined) givers.set(name, [at])
      else known.push(at)
    }
  }
  for (const [name, all] of givers) if (all.length > MAX_ALTERNATIVES) checkContainers(name, all)
}

function checkContainers(name: string, all: readonly Located[]): void {
  const containers = new Set(all.map(({ binding }) => binding.selector.container))
  for (const container of containers) {
    const own = all.filter(({ binding }) => (binding.selector.container ?? container) === container)
    const beyond = own[MAX_ALTERNATIVES]
    if (beyond === undefined) continue
    const where = container === undefined ? '' : ` in container ${quote(container)}`
    const message = `is one of ${own.length} bindings that give ${quote(name)}${where}, the limit is ${MAX_ALTERNATIVES}`
    beyond.field.error(message, 'use a variable of another name for some of the programs')
    return
  }
}
