/** The measured subjects: programs with bindings of different sizes, and the policy that binds them. */
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { loadAgentConfig } from '../../../agent/config/load.ts'
import { ANNOTATIONS, DIRECTORY, FILE, SIZES } from './places.ts'

const CONTAINER = 'app'
const VALUE = 'a secret of thirty-two characters'

/** `NAME` → placeholder, for the program with so many variables. */
export type Environment = Readonly<Record<string, string>>

export interface Subject {
  /** The environment of a program with so many variables; 0: with none. */
  environment(size: number): Environment
  /** Variables of the same names with values in place of placeholders. */
  ordinary(size: number): Environment
  /** That of the reader, which is sealed with one variable. */
  readonly reader: Environment
}

/** Programs and annotations in place. @param built where measure and nothing are */
export function prepareSubject(built: string): Subject {
  for (const folder of [DIRECTORY, dirname(ANNOTATIONS)]) mkdirSync(folder, { recursive: true })
  const place = (from: string, name: string) => {
    const path = join(DIRECTORY, name)
    copyFileSync(join(built, from), path)
    chmodSync(path, 0o755)
  }
  place('measure', 'measure')
  place('measure', 'reader')
  for (const size of [0, ...SIZES]) place('nothing', `bound-${size}`)
  writeFileSync(FILE, 'content')
  writeFileSync(ANNOTATIONS, annotations())
  const { variables } = loadAgentConfig({ annotations: ANNOTATIONS, 'allow-literal': true })
  const startingWith = (prefix: string): Environment =>
    Object.fromEntries(
      variables.filter(({ name }) => name.startsWith(prefix)).map(({ name, placeholder }) => [name, placeholder]),
    )
  return {
    environment: (size) => startingWith(`V${size}_`),
    ordinary: (size) => Object.fromEntries(Object.keys(startingWith(`V${size}_`)).map((name) => [name, VALUE])),
    reader: startingWith('READ'),
  }
}

/** As the downward API writes them. */
function annotations(): string {
  const secrets = [
    ...SIZES.map((size) =>
      binding(
        `bound-${size}`,
        Array.from({ length: size }, (_, i) => `V${size}_${i}`),
      ),
    ),
    binding('reader', ['READ']),
  ]
  const config = { version: 'v1', policy: { mode: 'enforce' }, secrets }
  const status = { version: 'v1', nonce: '5e'.repeat(16), hash: '0'.repeat(64), containers: [CONTAINER] }
  const lines = Object.entries({ bindings: config, status })
  return lines.map(([key, value]) => `kernelseal.io/${key}=${JSON.stringify(JSON.stringify(value))}\n`).join('')
}

/** @param name of the binding and of its program */
function binding(name: string, variables: readonly string[]) {
  return {
    name,
    selector: { container: CONTAINER, binary: join(DIRECTORY, name) },
    secretRefs: variables.map((variable) => ({
      name: variable,
      source: { value: VALUE },
    })),
  }
}
