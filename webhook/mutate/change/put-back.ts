/**
 * Our container, after another webhook has written into it (a role and a token, a default of a policy engine, a client that
 * loses unknown fields): ours again, member by member, so that the API server's defaults stay.
 */
import { tokenMountOf } from '../pod/account-token.ts'
import { differenceInContainer } from '../pod/container-diff.ts'
import type { Container, Pod } from '../pod/pod.ts'
import type { AgentContainer } from '../sidecar/sidecar.ts'

/** @param isOld as for `isTokenMount` */
export function changedMembers(found: Container, agent: AgentContainer, pod: Pod, isOld: boolean): string[] {
  const differs = (key: string): boolean =>
    differenceInContainer(only(found, key), only(agent, key), pod, isOld) !== undefined
  // Of members that ours lacks one alone is the API server's; a stranger's container may have a hundred thousand.
  const strange = Object.keys(found).filter((key) => !Object.hasOwn(agent, key))
  return [...Object.keys(agent).filter(differs), ...strange.filter((key) => key !== 'resizePolicy' || differs(key))]
}

export function putBack(found: Container, agent: AgentContainer, pod: Pod, isOld: boolean): Container {
  const changed = new Set(changedMembers(found, agent, pod, isOld))
  const kept = Object.entries(found).filter(([key]) => !changed.has(key))
  const ours = Object.entries(withToken(agent, pod, isOld)).filter(([key]) => changed.has(key))
  return { ...Object.fromEntries([...kept, ...ours]), name: agent.name }
}

/** Our container with the mount that the API server would add (account-token.ts). */
export function withToken(agent: AgentContainer, pod: Pod, isOld: boolean): Container {
  const mount = tokenMountOf(pod, isOld)
  return mount === undefined ? agent : { ...agent, volumeMounts: [...agent.volumeMounts, mount] }
}

const only = (object: object, key: string): object =>
  Object.hasOwn(object, key) ? { [key]: (object as Record<string, unknown>)[key] } : {}

/** Traces of well-known webhooks, which write into every container, init containers too. */
const SIGNATURES: readonly (readonly [trace: RegExp, webhook: string])[] = [
  [
    /"AWS_(ROLE_ARN|WEB_IDENTITY_TOKEN_FILE|CONTAINER_CREDENTIALS_FULL_URI)"|eks\.amazonaws\.com\/serviceaccount"/,
    'the EKS Pod identity webhook',
  ],
  [/"AZURE_(CLIENT_ID|FEDERATED_TOKEN_FILE|AUTHORITY_HOST)"|"\/var\/run\/secrets\/azure\//, 'Azure workload identity'],
  [/"\/vault\/secrets"/, 'the Vault injector'],
  [/"\/app-health\//, "Istio's injector"],
]

/** Members of a message; a container may have any number. */
const MAX_NAMED = 12

/**
 * One sentence for each webhook, to the author, who did not write the change. The API server cuts a sentence after 120 characters,
 * so the list of members comes last.
 */
export function warnAboutChange(found: Container, changed: readonly string[]): string[] {
  const members = changed.slice(0, MAX_NAMED)
  const pairs = members.flatMap((key) => writersOf(found, key).map((who) => [who, key] as const))
  return [...Map.groupBy(pairs, ([who]) => who)].map(([who, theirs]) => {
    const where = theirs.map(([, key]) => `\`${key}\``).join(', ')
    return `KernelSeal: the agent is put back: ${who} changed its ${where}`
  })
}

function writersOf(found: Container, key: string): string[] {
  const text = JSON.stringify((found as unknown as Record<string, unknown>)[key]) ?? ''
  const known = SIGNATURES.filter(([trace]) => trace.test(text)).map(([, webhook]) => webhook)
  return known.length > 0 ? known : ['another webhook or version']
}
