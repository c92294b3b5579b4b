/** The files that a command line names, and their texts. */
import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { reasonOf } from '../../agent/options/file-fault.ts'
import { UsageError } from '../../agent/policy/text/problems.ts'

/** A thousand times the largest object that an API server takes. */
const MAX_BYTES = 256 * 1024 * 1024

/**
 * @param recursive folders below a folder too; not those that are reached by a symbolic link, which may lead back up
 * @throws UsageError
 */
export function filesOf(name: string, recursive: boolean): string[] {
  if (name === '-' || !isDirectory(name)) return [name]
  const files = entriesOf(name, recursive).filter(isManifest).map(pathOf).sort()
  if (files.length === 0) {
    const below = recursive ? ', nor does any below it' : '; -R looks below it too'
    throw new UsageError(`directory \`${name}\` holds no *.yaml, *.yml or *.json${below}`)
  }
  return files
}

const isDirectory = (name: string): boolean => tried(name, () => statSync(name)).isDirectory()

/** Node's own `recursive` follows links, up to the kernel's limit of forty in each of their mixtures. */
function entriesOf(name: string, recursive: boolean): Dirent[] {
  const entries = tried(name, () => readdirSync(name, { withFileTypes: true }))
  const below = recursive ? entries.filter((entry) => entry.isDirectory()) : []
  return [...entries, ...below.flatMap((entry) => entriesOf(pathOf(entry), recursive))]
}

const pathOf = ({ parentPath, name }: Dirent): string => join(parentPath, name)

/** A pipe among the files of a folder would be waited for. */
function isManifest(entry: Dirent): boolean {
  if (!/\.(ya?ml|json)$/.test(entry.name)) return false
  if (!entry.isSymbolicLink()) return entry.isFile()
  try {
    return statSync(pathOf(entry)).isFile()
  } catch {
    return true // reading it says why it cannot be read
  }
}

/** @param name `-` is standard input; @throws UsageError */
export function readText(name: string): string {
  if (name !== '-') refuseUnlikely(name)
  const bytes = tried(name, () => readFileSync(name === '-' ? 0 : name))
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new UsageError(
      `cannot read \`${name}\`: it is not text in UTF-8, in which Kubernetes reads manifests (convert it)`,
    )
  }
}

/** Pipes are files here: shells name their substitutions by them. */
function refuseUnlikely(name: string): void {
  const file = tried(name, () => statSync(name))
  const device = file.isCharacterDevice() || file.isBlockDevice()
  if (device) throw new UsageError(`cannot read \`${name}\`: it is a device (standard input is \`-f -\`)`)
  if (file.size <= MAX_BYTES) return
  throw new UsageError(`cannot read \`${name}\`: it has ${file.size} bytes, the limit is ${MAX_BYTES} (split it)`)
}

function tried<T>(name: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw new UsageError(`cannot read \`${name}\`: ${reasonOf(error)}`)
  }
}
