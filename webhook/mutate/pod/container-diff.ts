/** Whether a container that is already there is the one we would add, apart from the API server's defaults in it. */
import { isDeepStrictEqual } from 'node:util'
import { isTokenMount } from './account-token.ts'
import { isObject, type Pod } from './pod.ts'
import { quantityOf } from './quantity.ts'

/**
 * Not compared: while the webhook is rolled out, one replica sees another one's container, and writes its own image
 * in that place; so it does with a stranger's.
 */
const FREE = ['.image', '.imagePullPolicy']
/** Members a server before 1.30 drops, because it does not know them. */
const DROPPED_BY_SERVER = ['.securityContext.appArmorProfile']

/**
 * @param isOld as for `isTokenMount`
 * @returns the path of the first difference, or undefined when `actual` is the container we would write into this Pod
 */
export function differenceInContainer(actual: object, expected: object, pod: Pod, isOld: boolean): string | undefined {
  return differenceFrom(actual, expected, '', (member, wanted, path) => {
    if (FREE.includes(path)) return { difference: undefined }
    if (path === '.volumeMounts' && Array.isArray(member))
      return { difference: inMounts(member, wanted, path, (mount) => isTokenMount(mount, pod, isOld)) }
    if (path === '.resizePolicy') return { difference: isDefaultResize(member) ? undefined : path }
    return path === '.resources' ? { difference: inResources(member, wanted, path) } : undefined
  })
}

/** A comparison of its own for some members: its answer, or undefined for those that are compared as they stand. */
type Special = (
  actual: unknown,
  expected: unknown,
  path: string,
) => { readonly difference: string | undefined } | undefined

export function differenceFrom(
  actual: unknown,
  expected: unknown,
  path = '',
  special: Special = () => undefined,
): string | undefined {
  const judged = special(actual, expected, path)
  if (judged !== undefined) return judged.difference
  if (!isObject(actual) || !isObject(expected)) return isDeepStrictEqual(actual, expected) ? undefined : path
  for (const key of Object.keys(actual)) {
    if (Object.hasOwn(expected, key)) continue
    const added = special(actual[key], undefined, `${path}.${key}`)
    if (added === undefined || added.difference !== undefined) return `${path}.${key}`
  }
  for (const key of Object.keys(expected)) {
    const at = `${path}.${key}`
    if (!Object.hasOwn(actual, key) && DROPPED_BY_SERVER.includes(at)) continue
    const difference = differenceFrom(actual[key], expected[key], at, special)
    if (difference !== undefined) return difference
  }
  return undefined
}

function inMounts(
  actual: readonly unknown[],
  expected: unknown,
  path: string,
  isToken: (mount: unknown) => boolean,
): string | undefined {
  const own = actual.filter((mount) => !isToken(mount))
  return isDeepStrictEqual(own, expected) ? undefined : path
}

/**
 * As servers of 1.27 to 1.32 with the gate InPlacePodVerticalScaling fill it in (SetDefaults_Pod), and as its absence is read: a resize
 * restarts nothing.
 */
const isDefaultResize = (given: unknown): boolean =>
  Array.isArray(given) &&
  given.length <= 2 &&
  given.every((one) =>
    ['cpu', 'memory'].some((resourceName) => isDeepStrictEqual(one, { resourceName, restartPolicy: 'NotRequired' })),
  )

/** Resources that LimitRanger fills in where we set nothing (plugin/pkg/admission/limitranger). Not claims, and no devices. */
const FILLED_IN = ['cpu', 'memory', 'ephemeral-storage']

function inResources(actual: unknown, expected: unknown, path: string): string | undefined {
  if (!isObject(actual) || !isObject(expected)) return path
  const strange = Object.keys(actual).find((key) => key !== 'requests' && key !== 'limits')
  if (strange !== undefined) return `${path}.${strange}`
  for (const kind of ['requests', 'limits']) {
    const [given, wanted] = [membersOf(actual[kind]), membersOf(expected[kind])]
    const wrong = Object.keys({ ...wanted, ...given }).find((name) => !isAsWanted(name, given[name], wanted[name]))
    if (wrong !== undefined) return `${path}.${kind}.${wrong}`
  }
  return undefined
}

function isAsWanted(name: string, given: unknown, wanted: unknown): boolean {
  if (wanted === undefined) return FILLED_IN.includes(name) && quantityOf(given) !== undefined
  return quantityOf(given) === quantityOf(wanted)
}

const membersOf = (value: unknown): Record<string, unknown> => (isObject(value) ? value : {})
