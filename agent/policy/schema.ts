/**
 * The shape of a configuration: every key, its type and its default, one function per block. The 1.x format is
 * accepted whole; a key without effect so far gets a warning.
 */

import { readOnRotate } from './secrets/on-rotate.ts'
import { DEFAULT_SELECTOR, readSelector } from './secrets/selector.ts'
import { readSecretRef } from './secrets/source.ts'
import { LOG_LEVELS, POLICY_KEYS, POLICY_TABLE } from './strength/policy-table.ts'
import { type Field, present } from './text/field.ts'
import { wrongBindingName } from './text/names.ts'
import type { Binding, Config, Monitoring, Policy } from './types.ts'

export { DEFAULT_MONITORING, DEFAULT_POLICY, MODES } from './strength/policy-table.ts'

export const ON_FAILURE = ['kill', 'start'] as const

/** A document's content, before defaults: an absent key stays absent, so that annotations can override single ones. */
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
  const keys = field.mapping([...POLICY_KEYS, 'podIdentity'])
  keys?.get('podIdentity')?.warning('has no effect: a Pod is identified by its PID namespace', 'remove it')
  warnAboutControl(keys?.get('kernelControl'))
  const read = POLICY_KEYS.map((name) => {
    const given = keys?.get(name)
    return [name, given && POLICY_TABLE[name].read(given)] as const
  })
  return Object.fromEntries(read.filter(([, value]) => value !== undefined))
}

/** Three of the names are as good as no protection, for the whole node. */
function warnAboutControl(field: Field | undefined): void {
  const named: readonly unknown[] = Array.isArray(field?.value) ? field.value : []
  for (const name of ['modules', 'block-devices', 'devices'] as const)
    if (named.includes(name))
      field?.warning(`has \`${name}\`: ${BEYOND[name]}`, 'leave it out unless every container of the Pod is trusted')
}

const BEYOND = {
  modules: 'a kernel module reads every value of the node',
  'block-devices': 'a disk shows files of the whole node, swap among them',
  devices: 'drivers reach disks, memory and the keyboard of the node',
} as const

export function readBindings(field: Field): readonly Located[] {
  return (field.list() ?? []).flatMap((item) => readBinding(item) ?? [])
}

function readBinding(field: Field): Located | undefined {
  const keys = field.mapping(['name', 'selector', 'secretRefs', 'onRotate'])
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
  const onRotateField = keys?.get('onRotate')
  const onRotate = onRotateField && readOnRotate(onRotateField)
  if (name === undefined) return undefined
  const binding = { name, selector, secretRefs: refs.map(({ ref }) => ref), ...present({ onRotate }) }
  return { binding, field, refFields: refs.map(({ item }) => item) }
}

function readMonitoring(field: Field): Partial<Monitoring> {
  const keys = field.mapping(['enabled', 'metricsPort', 'logLevel', 'auditLog'])
  const auditLog = keys?.get('auditLog')
  auditLog?.warning('has no effect in this version: audit events go to the log', 'remove it')
  return present({
    enabled: keys?.get('enabled')?.boolean(),
    metricsPort: keys?.get('metricsPort')?.integer(1, 65535),
    logLevel: keys?.get('logLevel')?.oneOf(LOG_LEVELS),
    auditLog: typeof auditLog?.value === 'string' ? auditLog.value : undefined,
  })
}
