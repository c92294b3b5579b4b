/** The words of a kubelet and a scheduler about a Pod that no node runs: its node, and how its containers stand. */
import { type Any, call, createPod, must, podsOf } from './cluster.ts'

const STRATEGIC = 'application/strategic-merge-patch+json'

/** A node that is ready and runs nothing. */
export async function makeNode(name: string): Promise<void> {
  must(await call('POST', '/api/v1/nodes', { metadata: { name }, spec: {} }), 'the node')
  const status = { conditions: [{ type: 'Ready', status: 'True', reason: 'StandIn', message: 'no kubelet' }] }
  must(await call('PATCH', `/api/v1/nodes/${name}/status`, { status }, STRATEGIC), 'its status')
}

export async function runPod(namespace: string, pod: Any, node: string, status: Any): Promise<void> {
  must(await createPod(namespace, pod), `Pod ${pod.metadata.name}`)
  await bindPod(namespace, pod.metadata.name, node)
  await reportPod(namespace, pod.metadata.name, status)
}

export async function bindPod(namespace: string, name: string, node: string): Promise<void> {
  const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target: { kind: 'Node', name: node } }
  must(await call('POST', `${podsOf(namespace)}/${name}/binding`, binding), 'its binding')
}

export async function reportPod(namespace: string, name: string, status: Any): Promise<void> {
  must(await call('PATCH', `${podsOf(namespace)}/${name}/status`, { status }, STRATEGIC), `status of ${name}`)
}

/** Of one container, as core/v1 ContainerStatus. */
export const containerStatus = (name: string, image: string, state: Any, ready = false) => ({
  name,
  image,
  imageID: '',
  restartCount: 0,
  ready,
  state,
})
