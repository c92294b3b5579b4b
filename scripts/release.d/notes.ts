/** `node notes.ts VERSION [--unreleased]`: a version's part of CHANGELOG.md, or with --unreleased that of the next one. */
import { readFileSync } from 'node:fs'

/** @returns undefined where there is no such part */
export function notesOf(changelog: string, heading: string): string | undefined {
  const parts = changelog.split(/^## /m).slice(1)
  const part = parts.find((text) => {
    const first = text.split('\n', 1)[0] ?? ''
    return (
      first === heading ||
      first === `[${heading}]` ||
      first.startsWith(`${heading} `) ||
      first.startsWith(`[${heading}] `)
    )
  })
  return part?.slice(part.indexOf('\n') + 1).trim()
}

function main([version = '', option]: readonly string[]): void {
  const changelog = readFileSync(new URL('../../CHANGELOG.md', import.meta.url), 'utf8')
  const notes =
    notesOf(changelog, version) ?? (option === '--unreleased' ? notesOf(changelog, 'Unreleased') : undefined)
  if (notes === undefined || notes === '') {
    console.error(`error: CHANGELOG.md says nothing under \`## ${version}\``)
    process.exit(1)
  }
  process.stdout.write(`${notes}\n`)
}

if (import.meta.main) main(process.argv.slice(2))
