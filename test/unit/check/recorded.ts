/**
 * The facts of a good cluster, as `kernelseal check` collected them from a real API server (UPDATE_GOLDEN=1 test/cluster/check.test.ts),
 * and its lines after one thing has changed.
 */
import { readFileSync } from 'node:fs'
import { check } from '../../../agent/check/check.ts'
import type { Configurations, DeploymentFacts, Facts, Known, PodFacts, Replica } from '../../../agent/check/facts.ts'
import type { Line, Subject } from '../../../agent/check/line.ts'

const FILE = new URL('../../fixtures/check/good-facts.json', import.meta.url)

export const GOOD: Facts = JSON.parse(readFileSync(FILE, 'utf8'))

export function found<Answer>(known: Known<Answer>): Answer {
  if ('refused' in known) throw new Error(known.refused)
  return known.found
}

export const FORBIDDEN = { refused: 'GET /api/v1/pods: 403 forbidden', forbidden: true }

export const linesFor = (changed: Partial<Facts>): Line[] => check({ ...GOOD, ...changed })

/** Of the lines that are not as they should be. */
export const wrong = (lines: readonly Line[]): [Subject, Line['state'], string][] =>
  lines.filter(({ state }) => state !== 'ok').map(({ what, state, found }) => [what, state, found])

export const withDeployment = (changed: Partial<DeploymentFacts>): Pick<Facts, 'deployments'> => ({
  deployments: { found: found(GOOD.deployments).map((one) => ({ ...one, ...changed })) },
})

export const withReplicas = (metrics: Replica['metrics']): Pick<Facts, 'replicas'> => ({
  replicas: { found: found(GOOD.replicas).map(({ pod }) => (metrics === undefined ? { pod } : { pod, metrics })) },
})

/** Every entry of both configurations with another authority. */
export function withBundle(caBundle: string | undefined): Pick<Facts, 'configurations'> {
  const changed = ({ metadata, webhooks = [] }: NonNullable<Configurations['mutating']>) => ({
    metadata,
    webhooks: webhooks.map(({ name, clientConfig: { service } }) => ({
      name,
      clientConfig: { ...(service && { service }), ...(caBundle === undefined ? {} : { caBundle }) },
    })),
  })
  const { mutating, validating } = found(GOOD.configurations)
  return { configurations: { found: { mutating: changed(mutating!), validating: changed(validating!) } } }
}

export const withPods = (...pods: readonly PodFacts[]): Pick<Facts, 'pods'> => ({
  pods: { found: [...found(GOOD.pods), ...pods] },
})

/** A Pod that binds a secret and has no agent, newer than the webhook. */
export function bare(metadata: Partial<PodFacts['metadata']> = {}): PodFacts {
  const annotations = { 'secret.kernelseal.io/PGPASSWORD': 'secret/db-credentials/password' }
  const creationTimestamp = new Date(GOOD.now).toISOString()
  const containers = [{ name: 'app', image: 'registry.example/app:1' }]
  return { metadata: { name: 'bare', namespace: 'shop', annotations, creationTimestamp, ...metadata }, containers }
}
