/** The two forms an agent has: on a config file, for a host, or on annotations, as the sidecar of a Pod. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ConfigOptions, loadAgentConfig } from '../../config/load.ts'
import { PREFIX } from '../../policy/sidecar.ts'
import type { Mode } from '../../policy/types.ts'
import { SWITCHES } from '../attempt.ts'
import { CANARY_VARIABLE } from './canary.ts'
import type { CanaryProgram } from './program.ts'

export interface AgentForm {
  /** Of `kernelseal run`. */
  readonly options: readonly string[]
  /** The text in the program's environment in place of the needle. */
  readonly placeholder: string
  /** A command that brings it to where it runs, as its own child. */
  readonly enter: readonly string[]
}

/** The descriptor on which the agent finds the needle. */
const NEEDLE_FD = 3

export function hostForm(program: CanaryProgram, mode: Mode): AgentForm {
  const config = join(program.directory, `${mode}.yaml`)
  writeFileSync(config, JSON.stringify(configFor(program, mode)))
  return { options: ['--config', config], placeholder: placeholderOf({ config }), enter: [] }
}

/** The files that the webhook and the downward API would have written. @param enter into the Pod's PID namespace */
export function podForm(program: CanaryProgram, mode: Mode, enter: readonly string[]): AgentForm {
  const annotations = join(program.directory, `${mode}.annotations`)
  const status = { version: 'v1', nonce: '5e'.repeat(16), hash: '0'.repeat(64), containers: ['app'] }
  const entries = Object.entries({ bindings: configFor(program, mode), status })
  const lines = entries.map(([key, value]) => `${PREFIX}${key}=${JSON.stringify(JSON.stringify(value))}\n`)
  writeFileSync(annotations, lines.join(''))
  // The needle comes by a descriptor, which is a link to no file.
  const root = '/proc/self/fd'
  const placeholder = placeholderOf({ annotations, 'file-root': [root] })
  return { options: ['--annotations', annotations, '--file-root', root], placeholder, enter }
}

/** Each row has to show its switch's effect, and `blockMaps` is off by default. */
function configFor({ path, shells }: CanaryProgram, mode: Mode) {
  const { shell, pinned, sha256 } = shells
  return {
    version: 'v1',
    policy: { mode, ...Object.fromEntries(SWITCHES.map((name) => [name, true])) },
    secrets: [
      binding('canary', { binary: path }),
      ...(shell === undefined ? [] : [binding('shell', { binary: shell })]),
      ...(pinned === undefined ? [] : [binding('pinned', { binary: pinned, verify: `sha256:${sha256}` })]),
    ],
  }
}

/** All have the same variable, and so the same placeholder. */
function binding(name: string, selector: Readonly<Record<string, string>>) {
  const source = { fileRef: `/proc/self/fd/${NEEDLE_FD}` }
  return { name, selector, secretRefs: [{ name: CANARY_VARIABLE, source }] }
}

function placeholderOf(options: ConfigOptions): string {
  const found = loadAgentConfig(options).variables.find(({ name }) => name === CANARY_VARIABLE)
  if (!found) throw new Error(`\`${JSON.stringify(options)}\` does not bind \`${CANARY_VARIABLE}\``)
  return found.placeholder
}
