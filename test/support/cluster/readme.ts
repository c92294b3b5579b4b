/** The lines that a reader of README.md pastes. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from './cluster.ts'

/** The indented lines below a heading, block by block. */
export function blocksOf(page: string, heading: string): string[][] {
  const below = readFileSync(join(REPOSITORY, page), 'utf8').split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return (below.match(/(?:^ {4}.*\n)+/gm) ?? []).map((block) => block.trim().split(/\n\s*/))
}

/** Of README.md, up to the line that makes a Pod of `shop`. */
export function linesOfFirstPod(): string[] {
  const [, lines = []] = blocksOf('README.md', 'Use it in Kubernetes')
  const makes = lines.findIndex((line) => /^kubectl apply .*first-pod\.yaml$/.test(line))
  return lines.slice(0, makes + 1)
}
