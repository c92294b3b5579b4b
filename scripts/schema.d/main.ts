/**
 * The switches of the policy in schema/config.schema.json, by the policy's table: an editor knows a new one without more work.
 *
 *     node scripts/schema.d/main.ts            exit status 1 when a switch is missing there, or has another default
 *     node scripts/schema.d/main.ts --update   writes it there; part of `npm run build`. Descriptions are by hand, and stay
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { DEFAULT_POLICY } from '../../agent/policy/strength/policy-table.ts'

const FILE = new URL('../../schema/config.schema.json', import.meta.url)

interface Property {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
}

/** @param properties of the schema's policy @returns the same with every switch of the table, new ones behind the last one */
export function withSwitches(properties: Readonly<Record<string, Property>>): Record<string, Property> {
  const switches = Object.entries(DEFAULT_POLICY).filter(([, value]) => typeof value === 'boolean')
  const written = Object.fromEntries(
    switches.map(([key, value]) => [key, { type: 'boolean', ...properties[key], default: value }]),
  )
  const isSwitch = (key: string): boolean => properties[key]?.type === 'boolean'
  const keys = Object.keys(properties)
  const at = keys.findLastIndex(isSwitch) + 1
  const others = (some: readonly string[]) => some.filter((key) => !isSwitch(key)).map((key) => [key, properties[key]])
  return Object.fromEntries([...others(keys.slice(0, at)), ...Object.entries(written), ...others(keys.slice(at))])
}

if (import.meta.main) {
  const schema = JSON.parse(readFileSync(FILE, 'utf8'))
  const { policy } = schema.$defs
  const before = JSON.stringify(policy.properties)
  policy.properties = withSwitches(policy.properties)
  const isSame = JSON.stringify(policy.properties) === before
  if (process.argv.includes('--update')) {
    if (!isSame) writeFileSync(FILE, `${JSON.stringify(schema, null, 2)}\n`)
  } else if (!isSame) {
    console.error('error: schema/config.schema.json and the policy’s table differ in switches: npm run build')
    process.exitCode = 1
  }
}
