/** The pictures in the pages that show them, between two marks, with the run they are from. */
import { dirname, relative } from 'node:path'
import type { Run } from './run.ts'

/** Page → the picture it shows. */
export const PAGES = {
  'README.md': 'demo',
  'docs/operate/README.md': 'dashboard',
} as const
type Picture = (typeof PAGES)[keyof typeof PAGES]

const MARKS = ['<!-- picture: written by scripts/pictures -->', '<!-- end of the picture -->'] as const

/** @param page path of the page @returns its text with the picture and the caption of this run @throws Error without the marks */
export function withPicture(page: keyof typeof PAGES, content: string, run: Run): string {
  const [start, end] = MARKS.map((mark) => content.indexOf(mark)) as [number, number]
  if (start < 0 || end < start) throw new Error(`${page} has no lines \`${MARKS.join('` and `')}\`: put them back`)
  const picture = PAGES[page]
  const image = `![${ALTERNATIVES[picture]}](${relative(dirname(page), `docs/pictures/${picture}.svg`)})`
  return `${content.slice(0, start)}${MARKS[0]}\n${image}\n\n${captionOf(picture, run)}\n${content.slice(end)}`
}

const ALTERNATIVES: Readonly<Record<Picture, string>> = {
  demo: 'A terminal: the application logs in to PostgreSQL, and every attempt on its password that worked without protection is refused',
  dashboard: 'The dashboard in Grafana’s layout: agents, refusals, deliveries, admissions',
}

/** @returns one line that says which run a picture is from */
function captionOf(picture: Picture, { date, commit, kernel, prometheus, panels }: Run): string {
  const run = `of \`scripts/demo\` on Linux ${kernel} at ${date.slice(0, 16).replace('T', ' ')} UTC, commit ${commit}`
  if (picture === 'demo') return `*The end of a run ${run}; long lists are shortened. Drawn by \`scripts/pictures\`.*`
  return `*${panels.length} panels during a run ${run}: the demo’s agent under attack, and the webhook with one to five admissions a second,
scraped by Prometheus ${prometheus}. Drawn by \`scripts/pictures\` from the answers to the dashboard’s own queries.*`
}
