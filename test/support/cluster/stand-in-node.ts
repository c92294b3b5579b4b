/**
 * Scheduler and kubelet for the Pods of one namespace, so that the shipped Deployment runs as it is: the controllers that
 * roll it out, its Service and the endpoints behind it are the control plane's own. Pods of other namespaces stay pending.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Any, call, get, must, podsOf } from './cluster.ts'
import { type StandInPod, startPod } from './stand-in-pod.ts'

const NODE = 'stand-in'
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
const LOOK_MS = 100
/** The node controller gives a silent node 50 s (40 s before 1.32). */
const HEARTBEAT_MS = 10_000

export interface StandInNode {
  readonly pods: ReadonlyMap<string, StandInPod>
  /** Ends all Pods, without grace, and takes the node away. */
  close(): Promise<void>
}

export async function startNode(namespace: string): Promise<StandInNode> {
  await register()
  const heart = setInterval(() => void beat(), HEARTBEAT_MS)
  const pods = new Map<string, StandInPod>()
  const ending = new Set<Promise<void>>()
  let closed = false
  const looking = keepLooking()
  return {
    pods,
    close: async () => {
      closed = true
      await looking
      for (const pod of pods.values()) end(pod, 0)
      await Promise.all(ending)
      clearInterval(heart)
      await call('DELETE', `/api/v1/nodes/${NODE}`)
      await call('DELETE', `${LEASES}/${NODE}`)
    },
  }

  async function keepLooking(): Promise<void> {
    while (!closed) {
      const { items } = await get(podsOf(namespace))
      for (const pod of items) await look(pod)
      await sleep(LOOK_MS)
    }
  }

  async function look(pod: Any): Promise<void> {
    const { uid, name, deletionTimestamp } = pod.metadata
    const running = pods.get(uid)
    if (deletionTimestamp !== undefined) {
      if (running !== undefined) end(running)
      return
    }
    if (running !== undefined) return
    await bind(namespace, name)
    try {
      pods.set(uid, await startPod(pod))
    } catch (error) {
      // As a kubelet does, which gets no token in the moment after the account was made.
      console.error(`${name} is tried again: ${(error as Error).message}`)
    }
  }

  function end(pod: StandInPod, graceSeconds?: number): void {
    pods.delete(pod.uid)
    const over: Promise<void> = pod.terminate(graceSeconds).finally(() => ending.delete(over))
    ending.add(over)
  }
}

async function bind(namespace: string, name: string): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target: { kind: 'Node', name: NODE } }
  await call('POST', `${podsOf(namespace)}/${name}/binding`, body)
}

async function register(): Promise<void> {
  const node = { metadata: { name: NODE }, spec: {} }
  must(await call('POST', '/api/v1/nodes', node), 'the node')
  const status = { conditions: [{ type: 'Ready', status: 'True', reason: 'StandIn', message: 'no kubelet' }] }
  must(
    await call('PATCH', `/api/v1/nodes/${NODE}/status`, { status }, 'application/strategic-merge-patch+json'),
    'its status',
  )
  await beat()
}

async function beat(): Promise<void> {
  const spec = {
    holderIdentity: NODE,
    leaseDurationSeconds: 40,
    renewTime: new Date().toISOString().replace('Z', '000Z'),
  }
  const { status } = await call('PATCH', `${LEASES}/${NODE}`, { spec }, 'application/merge-patch+json')
  if (status === 404) await call('POST', LEASES, { metadata: { name: NODE }, spec })
}
