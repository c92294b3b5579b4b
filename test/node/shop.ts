/** The setting of the stories: the webhook installed as the README says, and a namespace `shop` with a Secret. */
import assert from 'node:assert/strict'
import { AGENT_CONTAINER } from '../../agent/policy/sidecar.ts'
import {
  type Any,
  call,
  get,
  INJECTED,
  kubectl,
  MINOR,
  makeNamespace,
  patch,
  podsOf,
  type Ran,
  until,
} from '../support/cluster/cluster.ts'
import { kustomized, OVERLAY, rolledOut } from '../support/cluster/installation.ts'

/** In the Secret `db-credentials`; it occurs nowhere else, so that every occurrence is a leak. */
export const PASSWORD = 'five-tonnes-of-flax'
/** Emulated, a Pod with its agent takes half a minute on an idle machine. */
export const PATIENCE = 600

export const SHELL = 'localhost/kernelseal-test-shell:1'
/** Debian's PostgreSQL; its entrypoint is database/entrypoint.sh. */
export const DATABASE = 'localhost/kernelseal-test-database:1'

/** With the patience of an emulated node, and else as it is shipped. The first story pays for it, the others find it done. */
async function install(): Promise<void> {
  await kustomized('apply', `test/node/overlays/${OVERLAY}`)
  await rolledOut(PATIENCE)
}

/** `kubectl label namespace shop kernelseal.io/injection=enabled`, the Secret, and the right to create Events. */
export async function openShop(): Promise<void> {
  await install()
  if ((await call('GET', '/api/v1/namespaces/shop')).status === 200) return
  await makeNamespace('shop', INJECTED)
  const { status, stderr } = await kubectl(['apply', '-f', 'deploy/examples/events-role.yaml'])
  assert.equal(status, 0, stderr)
  await putPassword('db-credentials', PASSWORD)
}

/** Makes the Secret, or changes it. */
export async function putPassword(secret: string, password: string): Promise<void> {
  const [path, object] = ['/api/v1/namespaces/shop/secrets', { metadata: { name: secret }, stringData: { password } }]
  const { status } = await call('POST', path, object)
  if (status === 409) await patch(`${path}/${secret}`, object)
  else assert.equal(status, 201, 'the Secret')
}

/** @param script of the container `app`, for a shell; the variable is PGPASSWORD */
export function template(app: string, script: string, annotations: Record<string, string>, container: object = {}) {
  return {
    metadata: { labels: { app }, annotations },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'app', image: SHELL, imagePullPolicy: 'Never', args: ['-c', script], ...container }],
    },
  }
}

/** A Deployment rather than a Pod: its controller asks again where the webhook was too slow for the API server. */
export async function deploy(name: string, pod: object): Promise<void> {
  const spec = { selector: { matchLabels: { app: name } }, template: pod }
  const { status, body } = await call('POST', allOf('deployments'), { metadata: { name }, spec })
  assert.ok(status === 201 || status === 409, JSON.stringify(body))
  await until(
    `${name} is available`,
    async () => (await get(`${allOf('deployments')}/${name}`)).status.availableReplicas === 1,
    PATIENCE,
  )
}

/** With its Pods, so that the next story has the node for itself. */
export async function remove(kind: Kind, name: string) {
  const path = `${allOf(kind)}/${name}`
  await call('DELETE', path, { propagationPolicy: 'Foreground' })
  await until(`${name} is gone`, async () => (await call('GET', path)).status === 404, PATIENCE)
}

const GROUPS = {
  deployments: '/apis/apps/v1',
  statefulsets: '/apis/apps/v1',
  jobs: '/apis/batch/v1',
  cronjobs: MINOR < 21 ? '/apis/batch/v1beta1' : '/apis/batch/v1',
}
type Kind = keyof typeof GROUPS

/** The API's path of all of a kind in the shop. */
export const allOf = (kind: Kind): string => `${GROUPS[kind]}/namespaces/shop/${kind}`

export async function podOf(app: string): Promise<Any> {
  const { items } = await get(`${podsOf('shop')}?labelSelector=app%3D${app}`)
  assert.equal(items.length, 1, `Pods of ${app}`)
  return items[0]
}

/** `kubectl exec` into the container, as its root. */
export const exec = (app: string, ...command: readonly string[]): Promise<Ran> => execInto('app', app, ...command)

export const execInto = (container: string, app: string, ...command: readonly string[]): Promise<Ran> =>
  kubectl(['-n', 'shop', 'exec', `deployment/${app}`, '-c', container, '--', ...command])

/**
 * The application's output, once there is some: it is ready when it was started, and emulated it writes a moment
 * later.
 */
export const logs = (app: string): Promise<string> => writtenIn(`deployment/${app}`)

/** @param target as kubectl names it @throws Error when nothing was written in time */
export const writtenIn = (target: string): Promise<string> =>
  until(`${target} wrote`, async () => (await logsOf('app', target)) || undefined, PATIENCE)

async function logsOf(container: string, target: string): Promise<string> {
  const { stdout, stderr, status } = await kubectl(['-n', 'shop', 'logs', target, '-c', container])
  assert.equal(status, 0, stderr)
  return stdout
}

/** One record a line. */
export async function agentLog(app: string): Promise<Any[]> {
  return (await logsOf(AGENT_CONTAINER, `deployment/${app}`))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** The metrics of a Pod's agent; a test is on the Pods' network. */
export async function metrics(app: string): Promise<string> {
  const { status } = await podOf(app)
  return (await fetch(`http://${status.podIP}:9090/metrics`)).text()
}
