/**
 * The shape of a configuration: every key, its type and its default, one function per block. The seeds' schema is
 * accepted whole; what has no effect yet says so in a warning.
 */
import type { Field } from './field.ts'
import {
  wrongBinary,
  wrongBindingName,
  wrongLabel,
  wrongPath,
  wrongSecretKey,
  wrongSecretName,
  wrongVariable,
} from './names.ts'
import { DEFAULT_CAPACITY, MAX_CAPACITY, MIN_CAPACITY } from './placeholder.ts'
import { DEFAULT_METRICS_PORT } from './sidecar.ts'
import type { Binding, Config, Mode, Monitoring, Policy, SecretRef, Selector, Source } from './types.ts'

export const MODES = ['disabled', 'audit', 'enforce'] as const satisfies readonly Mode[]
export const ON_FAILURE = ['kill', 'start'] as const

export const DEFAULT_POLICY: Policy = {
  mode: 'enforce',
  blockEnviron: true,
  blockMem: true,
  blockMaps: false,
  blockPtrace: true,
  allowSelfRead: true,
  auditAll: false,
  kernelBinaryFilter: true,
}
export const DEFAULT_MONITORING: Monitoring = { enabled: true, metricsPort: DEFAULT_METRICS_PORT, logLevel: 'info' }

const SWITCHES = [
  'blockEnviron',
  'blockMem',
  'blockMaps',
  'blockPtrace',
  'allowSelfRead',
  'auditAll',
  'kernelBinaryFilter',
] as const satisfies readonly (keyof Policy)[]

/** What a document says, before defaults: an absent key stays absent, so that annotations can override single ones. */
export interface Draft {
  readonly policy: Partial<Policy>
  readonly onFailure?: Config['onFailure']
  readonly bindings: readonly Located[]
  readonly monitoring: Partial<Monitoring>
}

/** A binding and the place it was read from, for problems that only show between bindings. */
export interface Located {
  readonly binding: Binding
  readonly field: Field
  /** One per `binding.secretRefs`, in the same order. */
  readonly refFields: readonly Field[]
}

export function readConfig(root: Field): Draft {
  const keys = root.mapping(['version', 'policy', 'secrets', 'monitoring', 'onFailure'])
  keys?.get('version')?.oneOf(['v1'])
  const policy = keys?.get('policy')
  const secrets = keys?.get('secrets')
  const monitoring = keys?.get('monitoring')
  const onFailure = keys?.get('onFailure')?.oneOf(ON_FAILURE)
  return {
    policy: policy === undefined ? {} : readPolicy(policy),
    ...(onFailure === undefined ? {} : { onFailure }),
    bindings: secrets === undefined ? [] : readBindings(secrets),
    monitoring: monitoring === undefined ? {} : readMonitoring(monitoring),
  }
}

export function readPolicy(field: Field): Partial<Policy> {
  const keys = field.mapping(['mode', ...SWITCHES, 'podIdentity'])
  keys?.get('podIdentity')?.warning('has no effect: a Pod is identified by its PID namespace', 'remove it')
  const mode = keys?.get('mode')?.oneOf(MODES)
  const switches = SWITCHES.map((name) => [name, keys?.get(name)?.boolean()] as const)
  return Object.fromEntries([['mode', mode] as const, ...switches].filter(([, value]) => value !== undefined))
}

export function readBindings(field: Field): readonly Located[] {
  return (field.list() ?? []).flatMap((item) => readBinding(item) ?? [])
}

function readBinding(field: Field): Located | undefined {
  const keys = field.mapping(['name', 'selector', 'secretRefs'])
  const nameField = keys?.required('name')
  const name = nameField?.checked(nameField.text(), wrongBindingName)
  const selectorField = keys?.get('selector')
  const selector = selectorField === undefined ? DEFAULT_SELECTOR : readSelector(selectorField)
  const refsField = keys?.required('secretRefs')
  const items = refsField?.list() ?? []
  if (Array.isArray(refsField?.value) && items.length === 0) {
    refsField.error('is empty', 'a binding without variables seals nothing; remove the binding')
  }
  const refs = items.flatMap((item) => {
    const ref = readSecretRef(item)
    return ref === undefined ? [] : [{ ref, item }]
  })
  if (name === undefined) return undefined
  const binding = { name, selector, secretRefs: refs.map(({ ref }) => ref) }
  return { binding, field, refFields: refs.map(({ item }) => item) }
}

export const DEFAULT_SELECTOR: Selector = { lineage: 'workload', children: 'inherit' }

const SELECTOR_KEYS = [
  'binary',
  'container',
  'lineage',
  'children',
  'verify',
  'labels',
  'namespace',
  'cgroupPath',
] as const

function readSelector(field: Field): Selector {
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

/** The seeds' node-wide selectors: accepted, read, and not yet matched on. */
function noEffect(field: Field | undefined): Field | undefined {
  field?.warning('does not narrow the selection in this version', 'select by `binary` and `container`')
  return field
}

function readSecretRef(field: Field): SecretRef | undefined {
  const keys = field.mapping(['name', 'source', 'capacity'])
  const nameField = keys?.required('name')
  const name = nameField?.checked(nameField.text(), wrongVariable)
  const sourceField = keys?.required('source')
  const source = sourceField && readSource(sourceField)
  const capacityField = keys?.get('capacity')
  const capacity = capacityField === undefined ? DEFAULT_CAPACITY : capacityField.integer(MIN_CAPACITY, MAX_CAPACITY)
  if (name === undefined || source === undefined || capacity === undefined) return undefined
  return { name, source, capacity }
}

const SOURCE_KINDS = ['secretKeyRef', 'fileRef', 'envRef', 'value', 'template', 'vaultRef'] as const

function readSource(field: Field): Source | undefined {
  const keys = field.mapping(SOURCE_KINDS)
  if (keys === undefined) return undefined
  const given = SOURCE_KINDS.filter((kind) => keys.get(kind) !== undefined)
  const [kind, second] = given
  if (kind === undefined) return field.error('names no source', `exactly one of ${SOURCE_KINDS.join(', ')}`)
  if (second !== undefined) return field.error(`has ${given.length} sources: ${given.join(', ')}`, 'keep exactly one')
  return SOURCE_READERS[kind](keys.get(kind)!)
}

const SOURCE_READERS: Record<Source['kind'], (field: Field) => Source | undefined> = {
  secretKeyRef: readSecretKeyRef,
  vaultRef: readVaultRef,
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
  const path = keys?.required('path')?.text()
  const key = keys?.required('key')?.text()
  field.warning(
    'is not fetched by this version: delivery of this variable fails',
    'let Vault Agent write a file, use `fileRef`',
  )
  return path === undefined || key === undefined ? undefined : { kind: 'vaultRef', path, key }
}

/** The agent's own environment may hold any name; only its form is checked. */
function wrongEnvRef(name: string) {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? undefined : wrongVariable(name)
}

function readMonitoring(field: Field): Partial<Monitoring> {
  const keys = field.mapping(['enabled', 'metricsPort', 'logLevel', 'auditLog'])
  const auditLog = keys?.get('auditLog')
  auditLog?.warning('has no effect in this version: audit events go to the log', 'remove it')
  return present({
    enabled: keys?.get('enabled')?.boolean(),
    metricsPort: keys?.get('metricsPort')?.integer(1, 65535),
    logLevel: keys?.get('logLevel')?.oneOf(['debug', 'info', 'warn', 'error']),
    auditLog: typeof auditLog?.value === 'string' ? auditLog.value : undefined,
  })
}

type Present<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> }

/** Without the keys whose value is undefined, which `exactOptionalPropertyTypes` tells apart from absent ones. */
function present<T extends object>(entries: T): Present<T> {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as Present<T>
}
