/** The `selector` of a binding: which process it is for. */
import { type Field, present } from '../text/field.ts'
import { wrongBinary, wrongLabel } from '../text/names.ts'
import type { Binding, Selector } from '../types.ts'

export const DEFAULT_SELECTOR: Selector = { lineage: 'workload', children: 'inherit' }

const SELECTOR_KEYS = [
  'binary',
  'container',
  'lineage',
  'children',
  'verify',
  'libraries',
  'withoutPlaceholder',
  'labels',
  'namespace',
  'cgroupPath',
] as const

export function readSelector(field: Field): Selector {
  const keys = field.mapping(SELECTOR_KEYS)
  const binaryField = keys?.get('binary')
  const binary = binaryField?.checked(binaryField.text(), wrongBinary)
  if (binary !== undefined && !binary.includes('/')) {
    binaryField?.warning('matches any file of this name, in any directory', 'give the absolute path')
  }
  const containerField = keys?.get('container')
  const verifyField = keys?.get('verify')
  const optional = {
    binary,
    container: containerField?.checked(containerField.text(), wrongLabel),
    verify: verifyField && readVerify(verifyField, binaryField !== undefined),
    libraries: readLibraries(keys?.get('libraries'), verifyField !== undefined),
    withoutPlaceholder: readWithoutPlaceholder(keys?.get('withoutPlaceholder'), binaryField, containerField),
    labels: noEffect(keys?.get('labels'))?.textMap(),
    namespace: noEffect(keys?.get('namespace'))?.text(),
    cgroupPath: noEffect(keys?.get('cgroupPath'))?.text(),
  }
  return {
    ...present(optional),
    lineage: keys?.get('lineage')?.oneOf(['workload', 'any']) ?? 'workload',
    children:
      keys?.get('children')?.oneOf(['scrub', 'inherit', 'deny']) ?? (binaryField === undefined ? 'inherit' : 'scrub'),
  }
}

/** The hash of `verify: sha256:…`, in hex. */
export function pinnedHash({ selector: { verify } }: Pick<Binding, 'selector'>): string | undefined {
  return verify?.startsWith('sha256:') ? verify.slice('sha256:'.length) : undefined
}

/** A placeholder tells the owner of a variable; without one only the program does, so it has to be named. */
function readWithoutPlaceholder(field?: Field, binary?: Field, container?: Field): Selector['withoutPlaceholder'] {
  const choice = field?.oneOf(['start', 'add'])
  if (choice !== 'add') return choice
  if (!binary) return field?.error('adds variables to a named program, but the selector names none', 'add `binary`')
  if (!container) return choice
  return field?.error('knows no containers: only placeholders tell them apart', 'remove `container`')
}

function readVerify(field: Field, hasBinary: boolean): string | undefined {
  const text = field.text()
  if (text === undefined || text === 'image') return text
  if (!/^sha256:[0-9a-f]{64}$/.test(text)) {
    return field.error('must be `image`, or `sha256:` and 64 lower-case hex digits')
  }
  if (!hasBinary)
    return field.error('pins one file, but the selector names no `binary`', 'add `binary`, or use `image`')
  return text
}

function readLibraries(field: Field | undefined, verifies: boolean): Selector['libraries'] {
  const choice = field?.oneOf(['image', 'any'])
  if (choice === undefined || verifies) return choice
  return field?.error(
    'says which libraries a verified program may load, but the selector verifies none',
    'add `verify`',
  )
}

/** The 1.x format's node-wide selectors: accepted, read, and not yet matched on. */
function noEffect(field: Field | undefined): Field | undefined {
  field?.warning('does not narrow the selection in this version', 'select by `binary` and `container`')
  return field
}
