/** A run with a value for every query of the dashboard, made of numbers that are the same each time. */
import type { Dashboard } from '../../../scripts/pictures.d/dashboard.ts'
import type { Run } from '../../../scripts/pictures.d/run.ts'

const STEPS = 30

/** @param empty queries without data, as `PANEL REF` */
export function runOf({ panels }: Dashboard, empty: readonly string[] = []): Run {
  return {
    date: '2026-01-02T03:04:05.000Z',
    commit: 'abc1234',
    kernel: '6.1',
    prometheus: '2.42.0',
    from: 1_767_323_045,
    step: 4,
    panels: panels.map(({ id, targets }) => ({
      id,
      answers: targets.map(({ refId, legendFormat }, nth) => {
        const names = [...legendFormat.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, label = '']) => label)
        const labels = Object.fromEntries(names.map((label) => [label, `${label}-${id}-${refId}`]))
        const values = Array.from({ length: STEPS }, (_, i) => (i < 4 ? null : id + nth + (i % 7)))
        return { refId, series: empty.includes(`${id} ${refId}`) ? [] : [{ labels, values }] }
      }),
    })),
  }
}
