/** One `secretRefs` entry: the variable, its size, and where its value comes from. */
import type { Field } from '../text/field.ts'
import {
  type Wrong,
  wrongLabel,
  wrongPath,
  wrongSecretKey,
  wrongSecretName,
  wrongServerPath,
  wrongVariable,
} from '../text/names.ts'
import type { SecretRef, Source } from '../types.ts'
import { DEFAULT_CAPACITY, MAX_CAPACITY, MIN_CAPACITY } from './placeholder.ts'

export function readSecretRef(field: Field): SecretRef | undefined {
  const keys = field.hidden().mapping(['name', 'source', 'capacity'])
  const nameField = keys?.required('name')
  const name = nameField?.checked(nameField.text(), wrongVariable)
  const sourceField = keys?.required('source')
  const source = sourceField && readSource(sourceField)
  const capacityField = keys?.get('capacity')
  const capacity = capacityField === undefined ? DEFAULT_CAPACITY : capacityField.integer(MIN_CAPACITY, MAX_CAPACITY)
  if (name === undefined || source === undefined || capacity === undefined) return undefined
  return { name, source, capacity }
}

function readSource(field: Field): Source | undefined {
  const keys = field.mapping([...SOURCE_KINDS, 'trim'])
  if (keys === undefined) return undefined
  const trim = keys.get('trim')?.boolean()
  const given = SOURCE_KINDS.filter((kind) => keys.get(kind) !== undefined)
  const [kind, second] = given
  if (kind === undefined) return field.error('names no source', `exactly one of ${SOURCE_KINDS.join(', ')}`)
  if (second !== undefined) return field.error(`has ${given.length} sources: ${given.join(', ')}`, 'keep exactly one')
  const source = SOURCE_READERS[kind](keys.get(kind)!)
  return source && trim ? { ...source, trim } : source
}

const SOURCE_READERS: Record<Source['kind'], (field: Field) => Source | undefined> = {
  secretKeyRef: readSecretKeyRef,
  fileRef: (field) => {
    const path = field.checked(field.text(), wrongPath)
    return path === undefined ? undefined : { kind: 'fileRef', path }
  },
  envRef: (field) => {
    const name = field.checked(field.text(), wrongEnvRef)
    return name === undefined ? undefined : { kind: 'envRef', name }
  },
  value: (field) => {
    const value = field.text()
    return value === undefined ? undefined : { kind: 'value', value }
  },
  template: (field) => {
    const template = field.text()
    return template === undefined ? undefined : { kind: 'template', template }
  },
  vaultRef: readVaultRef,
}
/**
 * Whether an empty text is a value: where it can only be meant, as the kubelet and a program's own `NAME=` have it. A file that is
 * being written is empty for a moment, and a variable of the agent's that is empty was most likely forgotten.
 */
export const MAY_BE_EMPTY: Readonly<Record<Source['kind'], boolean>> = {
  secretKeyRef: true,
  vaultRef: true,
  template: true,
  value: false,
  fileRef: false,
  envRef: false,
}

/** In this order they stand in messages. */
export const SOURCE_KINDS = Object.keys(SOURCE_READERS) as Source['kind'][]

/** Its words in `kernelseal explain`. */
export function describeSource(source: Source): string {
  switch (source.kind) {
    case 'secretKeyRef':
      return `key \`${source.key}\` of Secret \`${source.name}\``
    case 'fileRef':
      return `file \`${source.path}\` of the agent`
    case 'envRef':
      return `variable \`${source.name}\` of the agent`
    case 'template':
      return 'a template of other sealed values'
    case 'value':
      return 'the annotation itself'
    case 'vaultRef':
      return `Vault path \`${source.path}\``
    default:
      return source satisfies never // a kind without words does not compile
  }
}

function readSecretKeyRef(field: Field): Source | undefined {
  const keys = field.mapping(['name', 'key', 'namespace'])
  const nameField = keys?.required('name')
  const keyField = keys?.required('key')
  const namespaceField = keys?.get('namespace')
  const name = nameField?.checked(nameField.text(), wrongSecretName)
  const key = keyField?.checked(keyField.text(), wrongSecretKey)
  const namespace = namespaceField?.checked(namespaceField.text(), wrongLabel)
  if (name === undefined || key === undefined) return undefined
  return { kind: 'secretKeyRef', name, key, ...(namespace === undefined ? {} : { namespace }) }
}

function readVaultRef(field: Field): Source | undefined {
  const keys = field.mapping(['path', 'key'])
  const pathField = keys?.required('path')
  const path = pathField?.checked(pathField.text(), wrongServerPath('Vault'))
  const key = keys?.required('key')?.text()
  return path === undefined || key === undefined ? undefined : { kind: 'vaultRef', path, key }
}

/** The agent's own environment may hold any name; only its form is checked. */
function wrongEnvRef(name: string): Wrong | undefined {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? undefined : wrongVariable(name)
}
