/** `node report.ts DIR CELL…`: writes docs/kernels.md from all results in DIR; exit status 1 unless all cells named are green. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CellResult, faultsOf } from './result.ts'
import { renderDocument } from './table.ts'

/** As scripts/test-kernels has them. */
const KERNELS = ['5.10', '6.1', '6.12', 'latest']
const DOCUMENT = join(import.meta.dirname, '../../docs/kernels.md')

const [folder = '', ...cells] = process.argv.slice(2)
const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
const results = files.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as CellResult)
writeFileSync(DOCUMENT, renderDocument(KERNELS, results))
console.log(`==> wrote docs/kernels.md from ${files.length} results`)
const faults = cells.flatMap((cell) => faultsOfCell(cell).map((fault) => `    ${cell}: ${fault}`))
for (const fault of faults) console.log(fault)
const broken = cells.filter((cell) => faultsOfCell(cell).length > 0).length
console.log(`${cells.length - broken} cells green, ${broken} not`)
process.exitCode = broken > 0 ? 1 : 0

function faultsOfCell(cell: string): string[] {
  const path = join(folder, `${cell}.json`)
  if (!existsSync(path)) return [`not run, or it did not end; see ${join(folder, `${cell}.log`)}`]
  return faultsOf(JSON.parse(readFileSync(path, 'utf8')))
}
