/** The webhook's settings as the chart's value `settings` takes them, from the one table they have. */
import type { Kind } from '../../webhook/settings/kinds.ts'
import { NAMES, SETTINGS, type Setting, type SettingName } from '../../webhook/settings/table.ts'

/** Those that other values decide, or that would have a Pod write where it may not. */
const OF_THE_CHART: readonly SettingName[] = [
  'agentImage',
  'port',
  'metricsPort',
  'certFile',
  'keyFile',
  'certSecret',
  'dnsNames',
  'namespace',
  'caOut',
]

export const OF_THE_USER: readonly SettingName[] = NAMES.filter((name) => !OF_THE_CHART.includes(name))

export function settingsSchema(): object {
  const properties = OF_THE_USER.map((name) => {
    const { kind, default: otherwise, help }: Setting = SETTINGS[name]
    const fallback = otherwise === undefined || otherwise === '' ? '' : ` (default: ${otherwise})`
    return [name, { description: `${help}${fallback}`, ...typeOf(kind) }]
  })
  return {
    description: 'Settings of the webhook; `kernelseal-webhook --help` explains them.',
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(properties),
  }
}

function typeOf(kind: Kind): object {
  switch (kind) {
    case 'text':
    case 'address':
      return { type: 'string' }
    case 'quantity':
      return { type: ['string', 'integer'] }
    case 'list':
      return { type: 'array', items: { type: 'string' } }
    case 'port':
      return { type: 'integer', minimum: 0, maximum: 65535 }
    case 'seconds':
      return { type: 'integer', minimum: 0, maximum: 300 }
    default:
      return kind.includes('true') ? { type: 'boolean' } : { enum: [...kind] }
  }
}
