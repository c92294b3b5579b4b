/** References → values. Every failure names binding, variable and source, and never shows a value. */
import { MAY_BE_EMPTY } from '../policy/secrets/source.ts'
import type { Binding, Config, SecretRef } from '../policy/types.ts'
import { SourceError } from './error.ts'
import type { Sources } from './sources.ts'
import { expandTemplate } from './template.ts'

export interface Resolved {
  /** Place of the binding in the config. */
  readonly binding: number
  readonly name: string
  readonly bytes: Buffer
}

export interface Resolution {
  readonly values: readonly Resolved[]
  readonly errors: readonly UnreadSource[]
}

/** A source that could not be read, and whether an earlier value of it stays. */
export interface UnreadSource {
  readonly error: SourceError
  readonly kept: boolean
}

/** The value a reference had before, where it is the same reference; an unreadable reference keeps it. */
export type Earlier = (binding: Binding, ref: SecretRef) => Buffer | undefined

/** Resolves every reference; all failures are reported together. @throws SourceErrors */
export async function resolveAll(config: Config, sources: Sources): Promise<readonly Resolved[]> {
  const { values, errors } = await resolve(config, sources, () => undefined)
  if (errors.length) throw new SourceErrors(errors.map(({ error }) => error))
  return values
}

/** Resolves the readable references, and reports the others. */
export async function resolve(config: Config, sources: Sources, earlier: Earlier): Promise<Resolution> {
  const each = config.secrets.map((binding, i) => resolveBinding(binding, i, sources, earlier))
  const resolutions = await Promise.all(each)
  return { values: resolutions.flatMap(({ values }) => values), errors: resolutions.flatMap(({ errors }) => errors) }
}

class SourceErrors extends Error {
  readonly errors: readonly SourceError[]

  constructor(errors: readonly SourceError[]) {
    super(errors.map((e) => e.message).join('\n'))
    this.name = 'SourceErrors'
    this.errors = errors
  }
}

/** Templates come last: they are made of the binding's other values. */
async function resolveBinding(binding: Binding, index: number, sources: Sources, earlier: Earlier) {
  const found = new Map<string, Buffer>()
  const errors: UnreadSource[] = []
  const resolveRef = async (ref: SecretRef): Promise<void> => {
    try {
      const { source } = ref
      const read = source.kind === 'template' ? expandTemplate(source.template, found) : sources.read(source)
      found.set(ref.name, checked(ref, await read))
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      const before = earlier(binding, ref)
      if (before) found.set(ref.name, before)
      errors.push({ error: error.in(binding.name, ref.name), kept: before !== undefined })
    }
  }
  const refs = binding.retired ? [] : binding.secretRefs
  await Promise.all(refs.filter(({ source }) => source.kind !== 'template').map(resolveRef))
  for (const ref of refs.filter(({ source }) => source.kind === 'template')) await resolveRef(ref)
  const values = refs.flatMap(({ name }) => {
    const bytes = found.get(name)
    return bytes ? [{ binding: index, name, bytes }] : []
  })
  return { values, errors }
}

/** An environment string ends at its first NUL, and a value must fit where its placeholder stands. */
function checked(ref: SecretRef, read: Buffer): Buffer {
  const source = `${ref.source.kind} of \`${ref.name}\``
  const bytes = ref.source.trim ? withoutLineBreaks(read) : read
  if (bytes.length === 0 && !MAY_BE_EMPTY[ref.source.kind])
    throw new SourceError(source, 'the value is empty', 'a variable without a value is no secret')
  if (bytes.includes(0)) throw new SourceError(source, 'the value contains a NUL byte', 'environment variables cannot')
  if (bytes.length > ref.capacity) {
    const why = `the value has ${bytes.length} bytes, its placeholder ${ref.capacity}`
    throw new SourceError(source, why, `set \`capacity: ${bytes.length}\` or more (at most 65536) on this secretRef`)
  }
  return bytes
}

const LINE_BREAKS: readonly (number | undefined)[] = [0x0a, 0x0d]

function withoutLineBreaks(bytes: Buffer): Buffer {
  let end = bytes.length
  while (LINE_BREAKS.includes(bytes[end - 1])) end--
  return bytes.subarray(0, end)
}
