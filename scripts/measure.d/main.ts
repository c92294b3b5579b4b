/** Measures how the code stands: folders, files, functions, rooms and words. See --help. */
import { parseArgs } from 'node:util'
import { type Figures, figuresOf } from './figures.ts'
import { treeAt, treeNow } from './tree.ts'

const HELP = `Usage: npm run measure -- [--against COMMIT] [--json]

Prints a table of figures of the working tree: files in a folder, lines of files and functions (median / nine of ten at
most / largest), circles between rooms, hard words, and how many files a hook, a switch or a source asks for, by the
lists in docs/contribute. Tests' data and generated files are not counted.

  --against COMMIT   a column more, measured in the same way, of the tree at this commit
  --json             for machines: commit → figure → value
  --help             this text
`

function table(columns: Readonly<Record<string, Figures>>): string {
  const names = [...new Set(Object.values(columns).flatMap(Object.keys))]
  const rows = names.map((name) => [name, ...Object.values(columns).map((figures) => figures[name] ?? '–')])
  const head = ['', ...Object.keys(columns)]
  return [head, head.map((_, at) => (at === 0 ? '---' : '--:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n')
}

function main(): void {
  const { values } = parseArgs({
    options: { against: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
  })
  if (values.help) return void process.stdout.write(HELP)
  const columns: Record<string, Figures> = {}
  if (values.against) columns[values.against] = figuresOf(treeAt(values.against))
  columns.now = figuresOf(treeNow())
  console.log(values.json ? JSON.stringify(columns, null, 2) : table(columns))
}

main()
