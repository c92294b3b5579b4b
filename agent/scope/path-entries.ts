/** The programs of bindings as a trie of path components, the last component at its root. Pure. */
import { encode } from '../wire/encode.ts'
import { LIMIT, PATH, PATH_KEY } from '../wire/generated.ts'
import type { Entry, ScopeInput } from './entry.ts'

interface Node {
  bindings: bigint
  anywhere: bigint
  readonly children: Map<string, Node>
}

const node = (): Node => ({ bindings: 0n, anywhere: 0n, children: new Map() })

export function pathEntries({ scope, config, generation }: ScopeInput): Entry[] {
  const root = node()
  config.secrets.forEach(({ selector: { binary }, retired }, i) => {
    if (binary && !retired) insert(root, binary, 1n << BigInt(i))
  })
  const entries: Entry[] = []
  let last = 0
  const visit = (parent: Node, id: number): void => {
    for (const [name, child] of parent.children) {
      const next = child.children.size ? ++last : 0
      const bytes = Buffer.from(name)
      if (bytes.length >= LIMIT.NAME)
        throw new Error(`path component \`${name}\` is longer than ${LIMIT.NAME - 1} bytes`)
      const key = encode(PATH_KEY, { scope, generation, node: id, name: bytes })
      const value = encode(PATH, { bindings: child.bindings, anywhere: child.anywhere, next })
      entries.push({ map: 'paths', key, value })
      visit(child, next)
    }
  }
  visit(root, 0)
  return entries
}

/** From the last component to the first; a bare name matches in every folder. */
function insert(root: Node, binary: string, binding: bigint): void {
  const components = binary.split('/').filter(Boolean).reverse()
  let at = root
  for (const component of components) {
    const next = at.children.get(component) ?? node()
    at.children.set(component, next)
    at = next
  }
  if (binary.startsWith('/')) at.bindings |= binding
  else at.anywhere |= binding
}
