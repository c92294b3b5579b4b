/** deploy/grafana/dashboard.json, as much of it as a picture has. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Query {
  readonly refId: string
  readonly expr: string
  readonly legendFormat: string
}

export interface Panel {
  readonly id: number
  readonly title: string
  readonly type: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly fieldConfig: {
    readonly defaults: {
      readonly unit: string
      readonly thresholds?: { readonly steps: readonly { readonly color: string; readonly value: number | null }[] }
    }
  }
  readonly targets: readonly Query[]
}

export interface Dashboard {
  readonly title: string
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly allValue?: string }[] }
}

const FILE = join(import.meta.dirname, '../../deploy/grafana/dashboard.json')

export function readDashboard(): Dashboard {
  return JSON.parse(readFileSync(FILE, 'utf8')) as Dashboard
}

/** The expression with every variable at `All`. @throws Error where a variable has no such value */
export function expressionOf({ expr }: Query, { templating }: Dashboard): string {
  return expr.replaceAll(/\$\{?(\w+)\}?/g, (_, name: string) => {
    const all = templating.list.find((variable) => variable.name === name)?.allValue
    if (all === undefined)
      throw new Error(`dashboard.json: \`$${name}\` in \`${expr}\` has no \`allValue\`: give the variable one`)
    return all
  })
}
