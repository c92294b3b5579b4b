/** Every file that is made of a run: text in, text out, and the same for the same run. */
import { hasPassword } from '../demo.d/password.ts'
import type { Dashboard } from './dashboard.ts'
import { drawDashboard } from './draw/dashboard-picture.ts'
import { drawTerminal } from './draw/terminal.ts'
import { excerptOf } from './excerpt.ts'
import { PAGES, withPicture } from './pages.ts'
import type { Run } from './run.ts'

/** Below docs/pictures, where a run is kept. */
export const KEPT = { run: 'docs/pictures/run.json', output: 'docs/pictures/demo.txt' } as const

/**
 * @param output the demo's
 * @param read a page's text by its path
 * @returns path → text
 * @throws Error when the secret of a run is in a text
 */
export function madeFiles(dashboard: Dashboard, run: Run, output: string, read: (path: string) => string) {
  const pages = Object.keys(PAGES) as (keyof typeof PAGES)[]
  const made = new Map([
    ['docs/pictures/dashboard.svg', drawDashboard(dashboard, run)],
    ['docs/pictures/demo.svg', drawTerminal('scripts/demo', excerptOf(output, 'scripts/demo'))],
    ...pages.map((page) => [page, withPicture(page, read(page), run)] as const),
  ])
  for (const [path, text] of [[KEPT.output, output] as const, [KEPT.run, JSON.stringify(run)] as const, ...made])
    if (hasPassword(text))
      throw new Error(`the value of the demo's secret is in ${path}: nothing was written; report it`)
  return made
}
