/** The configuration that is measured: twenty bindings, a variable of a kilobyte each. */

const BINDINGS = 20
const VALUE = 'v'.repeat(1000)

/** A config file's text; its values are literals, so that nothing else is needed. */
export function configText(): string {
  const secrets = Array.from({ length: BINDINGS }, (_, i) => ({
    name: `binding-${i}`,
    selector: { binary: `/usr/lib/bench/program-${i}` },
    secretRefs: [{ name: `VARIABLE_${i}`, capacity: 1024, source: { value: VALUE } }],
  }))
  return JSON.stringify({ version: 'v1', policy: { mode: 'enforce' }, secrets })
}
