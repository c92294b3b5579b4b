/**
 * `node version.ts VERSION` sets the version in every file that names it; `node version.ts --check VERSION` says which do not. The
 * first of the places is where programs and scripts read it.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Place {
  readonly file: string
  /** The version is its group `version`; all of its matches name one. */
  readonly pattern: RegExp
}

const MANIFEST = /^ {2}"version": "(?<version>[^"]+)",$/gm
const IMAGE = /\bkernelseal-(?:agent|webhook):(?<version>[0-9][^\s"'`@]*)/g

export const PLACES: readonly Place[] = [
  ...['package.json', 'agent/package.json', 'webhook/package.json'].map((file) => ({ file, pattern: MANIFEST })),
  ...['Dockerfile.agent', 'Dockerfile.webhook'].map((file) => ({ file, pattern: /^ARG VERSION=(?<version>\S+)$/gm })),
  ...['deploy/base/deployment.yaml', 'deploy/doctor/job.yaml', 'deploy/unload/job.yaml', 'deploy/README.md'].map(
    (file) => ({ file, pattern: IMAGE }),
  ),
  { file: 'deploy/helm/kernelseal/Chart.yaml', pattern: /^(?:version|appVersion): "?(?<version>[^"\s]+)"?$/gm },
]

/** @returns one line for each text that names another version than this */
export function disagreeing(root: string, version: string): string[] {
  return PLACES.flatMap(({ file, pattern }) =>
    [...textOf(root, file).matchAll(pattern)]
      .filter(({ groups }) => groups?.version !== version)
      .map((match) => `${file}: \`${match[0].trim()}\` is not ${version}`),
  )
}

export function setVersion(root: string, version: string): void {
  for (const { file, pattern } of PLACES) {
    const text = textOf(root, file)
    if (text === '') continue
    writeFileSync(
      join(root, file),
      text.replace(pattern, (match, ...rest) => match.replace((rest.at(-1) as { version: string }).version, version)),
    )
  }
}

/** Empty where there is no such file. */
const textOf = (root: string, file: string): string =>
  existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : ''

function main(args: readonly string[]): void {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const isCheck = args[0] === '--check'
  const version = args[isCheck ? 1 : 0]
  if (version === undefined) {
    console.error('usage: node scripts/release.d/version.ts [--check] VERSION')
    process.exit(2)
  }
  if (!isCheck) setVersion(root, version)
  const lines = disagreeing(root, version)
  for (const line of lines) console.error(`error: ${line}`)
  process.exitCode = lines.length === 0 ? 0 : 1
}

if (import.meta.main) main(process.argv.slice(2))
