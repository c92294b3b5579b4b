/** A Pod's annotations → its policy. Annotations are text from strangers: every key is known, or named in a warning. */
import { readDocument } from './document.ts'
import { Field } from './field.ts'
import { wrongVariable } from './names.ts'
import { withDefaults } from './parse.ts'
import { DEFAULT_CAPACITY } from './placeholder.ts'
import { type Report, refuseErrors, reportInto } from './problems.ts'
import { readRef } from './ref.ts'
import { checkBindings } from './rules.ts'
import {
  DEFAULT_SELECTOR,
  type Draft,
  type Located,
  MODES,
  ON_FAILURE,
  readBindings,
  readConfig,
  readPolicy,
} from './schema.ts'
import { PREFIX, SHORT_FORM_PREFIX } from './sidecar.ts'
import { nearest, quote } from './suggest.ts'
import type { Config, Mode, Policy, Problem, SecretRef } from './types.ts'

export { parseDownwardApi } from './downward-api.ts'
export { ConfigError } from './problems.ts'
export { parseStatus } from './status.ts'

export type Annotations = Readonly<Record<string, string>>

/** Name of the binding that the short-form annotations of a Pod make together. */
export const SHORT_FORM_BINDING = 'secret.kernelseal.io'

export const RESOURCE_KEYS = [
  'agent-cpu-request',
  'agent-cpu-limit',
  'agent-memory-request',
  'agent-memory-limit',
] as const
/** Kubernetes quantities for the sidecar; absent: the webhook's own setting. */
export type AgentResources = Partial<Record<(typeof RESOURCE_KEYS)[number], string>>

/** Keys below `kernelseal.io/` that mean something on a Pod. */
export const POD_KEYS = [
  'inject',
  'mode',
  'bindings',
  'policy',
  'on-failure',
  'seal-env',
  'status',
  'metrics-port',
  ...RESOURCE_KEYS,
] as const

export interface PodPolicy {
  readonly config: Config
  /** `inject: "false"`. Bindings are still parsed, so that a typo shows before the opt-out is lifted. */
  readonly optOut: boolean
  readonly resources: AgentResources
  readonly warnings: readonly Problem[]
}

/**
 * @param defaults.mode the namespace's default; stronger: the `policy` block of the bindings, `policy`, `mode`
 * @throws ConfigError; each problem's path starts with the annotation's key, lines count inside its value
 */
export function parseAnnotations(annotations: Annotations, defaults: { mode?: Mode }): PodPolicy {
  const found: Problem[] = []
  const reader = new AnnotationReader(annotations, found)
  const draft = readDraft(reader, defaults)
  const optOut = reader.field('inject')?.oneOf(['true', 'false']) === 'false'
  const resources = readResources(reader)
  reader
    .field('seal-env')
    ?.error('is not available in this version', 'bind each variable by `secret.kernelseal.io/<NAME>`')
  warnAboutKeys(annotations, reportInto(found))
  checkBindings(draft.bindings)
  const warnings = refuseErrors('', found)
  return { config: withDefaults(draft), optOut, resources, warnings }
}

/** The annotations below our prefix, as fields whose problems start with the annotation's key. */
class AnnotationReader {
  private readonly annotations: Annotations
  readonly found: Problem[]

  constructor(annotations: Annotations, found: Problem[]) {
    this.annotations = annotations
    this.found = found
  }

  /** The annotation as plain text. */
  field(name: (typeof POD_KEYS)[number]): Field | undefined {
    const key = PREFIX + name
    if (!Object.hasOwn(this.annotations, key)) return undefined
    return new Field(this.annotations[key], '', reportInto(this.found, key))
  }

  /** The annotation as a YAML or JSON document. A syntax error ends the reading: nothing inside can be judged. */
  document(name: (typeof POD_KEYS)[number]): Field | undefined {
    const text = this.field(name)?.text()
    if (text === undefined) return undefined
    const key = PREFIX + name
    const document = readDocument(text, '', key)
    return new Field(document.value, '', reportInto(this.found, key, document.lineOf))
  }

  /** `secret.kernelseal.io/<ENV_NAME>`, in the order of the names, so that the outcome does not hang on a map's order. */
  shortForms(): readonly { readonly variable: string; readonly field: Field }[] {
    const keys = Object.keys(this.annotations).filter((key) => key.startsWith(SHORT_FORM_PREFIX))
    return keys.sort().map((key) => ({
      variable: key.slice(SHORT_FORM_PREFIX.length),
      field: new Field(this.annotations[key], '', reportInto(this.found, key)),
    }))
  }
}

function readDraft(reader: AnnotationReader, defaults: { mode?: Mode }): Draft {
  const document = readBindingsAnnotation(reader)
  const policyField = reader.document('policy')
  const policy: Partial<Policy> = {
    ...(defaults.mode === undefined ? {} : { mode: defaults.mode }),
    ...document.policy,
    ...(policyField === undefined ? {} : readPolicy(policyField)),
  }
  const mode = reader.field('mode')?.oneOf(MODES)
  const onFailure = reader.field('on-failure')?.oneOf(ON_FAILURE) ?? document.onFailure
  const metricsPort = readPort(reader)
  return {
    policy: mode === undefined ? policy : { ...policy, mode },
    ...(onFailure === undefined ? {} : { onFailure }),
    bindings: [...document.bindings, ...readShortForms(reader)],
    monitoring: metricsPort === undefined ? document.monitoring : { ...document.monitoring, metricsPort },
  }
}

/** A whole configuration, or only its list of bindings. */
function readBindingsAnnotation(reader: AnnotationReader): Draft {
  const field = reader.document('bindings')
  if (field === undefined) return { policy: {}, bindings: [], monitoring: {} }
  if (Array.isArray(field.value)) return { policy: {}, bindings: readBindings(field), monitoring: {} }
  return readConfig(field)
}

/** All short forms are one binding to the entrypoint of every container. */
function readShortForms(reader: AnnotationReader): readonly Located[] {
  const refs = reader.shortForms().flatMap(({ variable, field }) => {
    const ref = readShortForm(variable, field)
    return ref === undefined ? [] : [{ ref, field }]
  })
  const [first] = refs
  if (first === undefined) return []
  const binding = { name: SHORT_FORM_BINDING, selector: DEFAULT_SELECTOR, secretRefs: refs.map(({ ref }) => ref) }
  return [{ binding, field: first.field, refFields: refs.map(({ field }) => field) }]
}

function readShortForm(variable: string, field: Field): SecretRef | undefined {
  const name = field.checked(variable, wrongVariable)
  const source = readRef(field)
  return name === undefined || source === undefined ? undefined : { name, source, capacity: DEFAULT_CAPACITY }
}

function readPort(reader: AnnotationReader): number | undefined {
  const field = reader.field('metrics-port')
  const text = field?.text()
  if (field === undefined || text === undefined) return undefined
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65535 ? port : field.error(`is ${quote(text)}, must be a port, 1 to 65535`)
}

/** A Kubernetes quantity, without signs and exponents (apimachinery/pkg/api/resource/quantity.go). */
export const QUANTITY = /^[0-9]{1,15}(\.[0-9]{1,9})?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/

function readResources(reader: AnnotationReader): AgentResources {
  const entries = RESOURCE_KEYS.flatMap((key) => {
    const field = reader.field(key)
    const text = field?.text()
    if (text === undefined) return []
    if (QUANTITY.test(text)) return [[key, text] as const]
    field?.error(`is ${quote(text)}, must be a quantity`, 'such as `100m` or `64Mi`')
    return []
  })
  return Object.fromEntries(entries)
}

/** Keys of ours that mean nothing on a Pod: most often a typing error, so the nearest one is named. */
function warnAboutKeys(annotations: Annotations, report: Report): void {
  for (const key of Object.keys(annotations)) {
    const [domain, name = ''] = key.split('/', 2)
    if (domain === undefined || !/(^|\.)kernelseal\.io$/.test(domain)) continue
    if (`${domain}/` === SHORT_FORM_PREFIX) continue
    if (`${domain}/` === PREFIX && (POD_KEYS as readonly string[]).includes(name)) continue
    report.warning(key, 'is not a key KernelSeal knows', hintForKey(domain, name))
  }
}

function hintForKey(domain: string, name: string): string {
  if (`${domain}/` !== PREFIX) return `did you mean \`${SHORT_FORM_PREFIX}${name}\`?`
  const guess = nearest(name, POD_KEYS)
  return guess === undefined ? 'remove it' : `did you mean \`${PREFIX}${guess}\`?`
}
