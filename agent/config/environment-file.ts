/** The placeholders of a configuration as a file, for `EnvironmentFile=` of the services that are started with them. */
import { renameSync, writeFileSync } from 'node:fs'
import type { Variable } from '../policy/secrets/variables.ts'

type Lines = readonly Pick<Variable, 'name' | 'placeholder'>[]

export const environmentText = (variables: Lines): string =>
  variables.map(({ name, placeholder }) => `${name}=${placeholder}\n`).join('')

/** Whole or not at all: a service that starts meanwhile has the earlier ones. */
export function writeEnvironmentFile(path: string, variables: Lines): void {
  const aside = `${path}.${process.pid}`
  writeFileSync(aside, environmentText(variables), { mode: 0o600 })
  renameSync(aside, path)
}
