/** A Pod's annotations → its policy. Annotations are text from strangers: every key is known, or named in a warning. */

import { withDefaults } from './parse.ts'
import { type AgentResources, type POD_KEYS, QUANTITY, RESOURCE_KEYS, warnAboutKeys } from './pod-keys.ts'
import { type Draft, type Located, MODES, ON_FAILURE, readBindings, readConfig, readPolicy } from './schema.ts'
import { type Capacities, readCapacities } from './secrets/capacities.ts'
import { checkBindings, MAX_VARIABLES } from './secrets/check-bindings.ts'
import { warnAboutLinks } from './secrets/links.ts'
import { readNames, readSealEnv, type SealEnv } from './secrets/seal-env.ts'
import { readSealEnvFrom, type SealEnvFrom } from './secrets/seal-env-from.ts'
import { readShortForms, type ShortForm } from './secrets/short-form.ts'
import { PREFIX, SHORT_FORM_PREFIX } from './sidecar.ts'
import { MAX_TEXT, readDocument } from './text/document.ts'
import { Field, present } from './text/field.ts'
import { ConfigError, refuseErrors, reportInto } from './text/problems.ts'
import { quote } from './text/suggest.ts'
import type { Config, Mode, Policy, Problem } from './types.ts'

export { parseStatus } from './status.ts'
export { parseDownwardApi } from './text/downward-api.ts'
export { ConfigError }

export type Annotations = Readonly<Record<string, string>>

export interface PodPolicy {
  readonly config: Config
  /** `inject: "false"`. Bindings are still parsed, so that a typo shows before the opt-out is lifted. */
  readonly optOut: boolean
  readonly resources: AgentResources
  readonly sealEnv?: SealEnv
  readonly sealEnvFrom?: SealEnvFrom
  /** Sizes of the placeholders of short forms and of `seal-env`. */
  readonly capacities?: Capacities
  /** Containers that the short forms are for; absent: the webhook's choice. */
  readonly containers?: readonly string[]
  readonly warnings: readonly Problem[]
}

/**
 * @param defaults.mode the namespace's default; stronger: the `policy` block of the bindings, `policy`, `mode`
 * @throws ConfigError; each problem's path starts with the annotation's key, lines count inside its value
 */
export function parseAnnotations(annotations: Annotations, defaults: { mode?: Mode }): PodPolicy {
  refuseSize(annotations)
  const found: Problem[] = []
  const reader = new AnnotationReader(annotations, found)
  const capacityField = reader.field('capacity')
  const capacities = capacityField && readCapacities(capacityField)
  const draft = readDraft(reader, defaults, capacities)
  const optOut = reader.field('inject')?.oneOf(['true', 'false']) === 'false'
  const resources = readResources(reader)
  const sealField = reader.field('seal-env')
  const sealEnv = sealField && readSealEnv(sealField)
  const fromField = reader.field('seal-env-from')
  const sealEnvFrom = fromField && readSealEnvFrom(fromField)
  const containersField = reader.field('containers')
  const containers = containersField && readNames(containersField)
  const allowDebug = reader.field('allow-debug')?.oneOf(['true', 'false']) === 'true'
  warnAboutKeys(annotations, reportInto(found))
  checkBindings(draft.bindings)
  warnAboutLinks(draft.bindings)
  const warnings = refuseErrors('', found)
  const config = { ...withDefaults(draft), ...(allowDebug ? { allowDebug } : {}) }
  return { config, optOut, resources, ...present({ sealEnv, sealEnvFrom, containers, capacities }), warnings }
}

/** The API server has the same limit, but looks only after admission: until then a stranger may send megabytes. */
function refuseSize(annotations: Annotations): void {
  const size = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + value.length, 0)
  if (size <= MAX_TEXT) return
  const message = `are ${size} characters long, the limit is ${MAX_TEXT}`
  throw new ConfigError('', [{ severity: 'error', path: 'metadata.annotations', message }])
}

/** The annotations below our prefix, as fields with problems that start with the annotation's key. */
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
  shortForms(): readonly ShortForm[] {
    const keys = Object.keys(this.annotations).filter((key) => key.startsWith(SHORT_FORM_PREFIX))
    const over = keys[MAX_VARIABLES]
    if (over !== undefined) {
      const message = `is one of ${keys.length} variables, the limit is ${MAX_VARIABLES}`
      reportInto(this.found).error(over, message, 'seal only what is secret')
      return []
    }
    return keys.sort().map((key) => ({
      variable: key.slice(SHORT_FORM_PREFIX.length),
      field: new Field(this.annotations[key], '', reportInto(this.found, key)),
    }))
  }
}

function readDraft(reader: AnnotationReader, defaults: { mode?: Mode }, capacities?: Capacities): Draft {
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
    bindings: [...document.bindings, ...readSealed(reader), ...readShortForms(reader.shortForms(), capacities)],
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

/** The webhook's bindings for `seal-env`; any user may write it too, so it is read like `bindings`. */
function readSealed(reader: AnnotationReader): readonly Located[] {
  const field = reader.document('sealed-env')
  return field === undefined ? [] : readBindings(field)
}

function readPort(reader: AnnotationReader): number | undefined {
  const field = reader.field('metrics-port')
  const text = field?.text()
  if (field === undefined || text === undefined) return undefined
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65535 ? port : field.error(`is ${quote(text)}, must be a port, 1 to 65535`)
}

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
