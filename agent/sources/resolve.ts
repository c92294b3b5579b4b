/** References → values. Every failure names binding, variable and source, and never shows a value. */
import type { Binding, Config, SecretRef } from '../policy/types.ts'
import { readEnv } from './env.ts'
import { SourceError } from './error.ts'
import { readFileSource } from './file.ts'
import { readKubeSecret } from './kube-secret.ts'
import { expandTemplate } from './template.ts'

export interface Resolved {
  /** Place of the binding in the config. */
  readonly binding: number
  readonly name: string
  readonly bytes: Buffer
}

/** Resolves every reference; all failures are reported together. @throws SourceErrors */
export function resolveAll(config: Config): Resolved[] {
  const errors: SourceError[] = []
  const values = config.secrets.flatMap((binding, i) => resolveBinding(binding, i, errors))
  if (errors.length) throw new SourceErrors(errors)
  return values
}

export class SourceErrors extends Error {
  readonly errors: readonly SourceError[]

  constructor(errors: readonly SourceError[]) {
    super(errors.map((e) => e.message).join('\n'))
    this.name = 'SourceErrors'
    this.errors = errors
  }
}

/** Templates come last: they are made of the binding's other values. */
function resolveBinding(binding: Binding, index: number, errors: SourceError[]): Resolved[] {
  const values = new Map<string, Buffer>()
  const isTemplate = (ref: SecretRef): boolean => ref.source.kind === 'template'
  const refs = [...binding.secretRefs.filter((r) => !isTemplate(r)), ...binding.secretRefs.filter(isTemplate)]
  for (const ref of refs) {
    try {
      values.set(ref.name, checked(ref, read(ref, values)))
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      errors.push(error.in(binding.name, ref.name))
    }
  }
  return [...values].map(([name, bytes]) => ({ binding: index, name, bytes }))
}

function read({ source }: SecretRef, values: ReadonlyMap<string, Buffer>): Buffer {
  switch (source.kind) {
    case 'secretKeyRef':
      return readKubeSecret(source.name, source.key)
    case 'fileRef':
      return readFileSource(source.path)
    case 'envRef':
      return readEnv(source.name)
    case 'value':
      return Buffer.from(source.value)
    case 'template':
      return expandTemplate(source.template, values)
    case 'vaultRef':
      throw new SourceError(
        `vaultRef \`${source.path}\``,
        'this version reads no Vault',
        'use `fileRef` with a Vault Agent',
      )
  }
}

/** An environment string ends at its first NUL, and a value must fit where its placeholder stands. */
function checked(ref: SecretRef, bytes: Buffer): Buffer {
  const source = `${ref.source.kind} of \`${ref.name}\``
  if (bytes.includes(0)) throw new SourceError(source, 'the value contains a NUL byte', 'environment variables cannot')
  if (bytes.length > ref.capacity) {
    const why = `the value has ${bytes.length} bytes, its placeholder ${ref.capacity}`
    throw new SourceError(source, why, `set \`capacity: ${bytes.length}\` or more (at most 65536) on this secretRef`)
  }
  return bytes
}
