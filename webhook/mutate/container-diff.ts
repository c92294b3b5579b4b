/** Whether a container that is already there is the one we would add, give or take what the API server writes into it. */
import { isDeepStrictEqual } from 'node:util'
import { isTokenMount } from './account-token.ts'
import { isObject } from './pod.ts'

/**
 * Not compared. Resources: LimitRanger adds to them and the server rewrites quantities (`1024Mi` comes back as `1Gi`),
 * and the Pod's author may set them by annotation anyway. Image: while the webhook is rolled out, one replica sees what
 * another one wrote, and writes its own in that place; so it does with a stranger's.
 */
const FREE = ['.resources', '.image', '.imagePullPolicy']
/** Members a server before 1.30 drops, because it does not know them. */
const DROPPED_BY_SERVER = ['.securityContext.appArmorProfile']

/** @returns the path of the first difference, or undefined when `actual` is what we would write */
export function differenceFrom(actual: unknown, expected: unknown, path = ''): string | undefined {
  if (FREE.includes(path)) return undefined
  if (path === '.volumeMounts' && Array.isArray(actual)) return differenceInMounts(actual, expected, path)
  if (!isObject(actual) || !isObject(expected)) return isDeepStrictEqual(actual, expected) ? undefined : path
  for (const key of Object.keys(actual)) {
    if (!Object.hasOwn(expected, key)) return `${path}.${key}`
  }
  for (const key of Object.keys(expected)) {
    const at = `${path}.${key}`
    if (!Object.hasOwn(actual, key) && DROPPED_BY_SERVER.includes(at)) continue
    const difference = differenceFrom(actual[key], expected[key], at)
    if (difference !== undefined) return difference
  }
  return undefined
}

function differenceInMounts(actual: readonly unknown[], expected: unknown, path: string): string | undefined {
  const own = actual.filter((mount) => !isTokenMount(mount))
  return isDeepStrictEqual(own, expected) ? undefined : path
}
