/**
 * A stand-in for the kubelet: starts a Pod's containers by runc in one shared PID namespace, in the kubelet's order,
 * from nothing but the Pod and its Secrets.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ociConfig } from './bundle.ts'
import { type RunningContainer, startContainer } from './container.ts'
import type { Container, Image, Pod } from './spec.ts'
import { makeVolumes, type Secrets } from './volumes.ts'

export interface RunningPod {
  readonly container: (name: string) => RunningContainer
  /** Changes annotations and Secrets in the volumes of the running Pod. */
  readonly update: (pod: Pod, secrets: Secrets) => void
  /** In the kubelet's order: the containers, then the sidecars with time to end by themselves, then the sandbox. */
  readonly stop: () => Promise<void>
}

export interface Node {
  readonly images: Readonly<Record<string, Image>>
  readonly secrets: Secrets
}

/** Process 1 of the Pod. A shell that waits, to reap the processes that containers leave behind. */
const SANDBOX: Container = {
  name: 'sandbox',
  image: 'sandbox',
  command: ['/bin/sh', '-c', 'trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done'],
}

const BUNDLES = '/run/demo-pods'

/** @throws with the container's output when a sidecar does not become ready, or an init container fails */
export async function startPod(pod: Pod, node: Node): Promise<RunningPod> {
  if (!pod.spec.shareProcessNamespace) throw new Error('the demo starts Pods with a shared process namespace only')
  const directory = join(BUNDLES, pod.metadata.name)
  mkdirSync(directory, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', directory])
  const volumes = makeVolumes(pod, join(directory, 'volumes'), node.secrets)
  const started = new Map<string, RunningContainer>()
  const start = (container: Container, pidNamespace?: string): RunningContainer => {
    const id = `${pod.metadata.name}-${container.name}`
    const image = node.images[container.image] ?? {}
    const around = { image, volumes, cgroup: `/demo/${id}`, ...(pidNamespace && { pidNamespace }) }
    const folder = join(directory, container.name)
    mkdirSync(folder, { recursive: true })
    const running = startContainer(id, folder, ociConfig(pod, container, around), image.root)
    started.set(container.name, running)
    return running
  }
  const running: RunningPod = {
    container: (name) => found(started, name),
    update: (changed, secrets) => void makeVolumes(changed, join(directory, 'volumes'), secrets),
    stop: () => stopPod(pod, directory, started),
  }
  try {
    const pidNamespace = `/proc/${start(SANDBOX).pid}/ns/pid`
    for (const container of pod.spec.initContainers ?? [])
      await initialise(container, start(container, pidNamespace), node)
    for (const container of pod.spec.containers) start(container, pidNamespace)
    return running
  } catch (error) {
    await running.stop()
    throw error
  }
}

/** A sidecar has to become ready, any other init container has to end. */
async function initialise(container: Container, running: RunningContainer, { images }: Node): Promise<void> {
  if (container.restartPolicy !== 'Always') {
    while (running.running()) await sleep(200)
    return
  }
  if (!container.startupProbe) return
  const { exec, periodSeconds, failureThreshold } = container.startupProbe
  const [program = '', ...args] = exec.command
  // An image has it in its PATH; a stand-in for one names it as its entrypoint.
  const [entrypoint = program] = images[container.image]?.entrypoint ?? []
  const command = [entrypoint.endsWith(`/${program}`) ? entrypoint : program, ...args]
  for (let failures = 0; failures < failureThreshold; failures++) {
    if (!running.running()) break
    if (running.exec(command).status === 0) return
    await sleep(periodSeconds * 1000)
  }
  throw new Error(`container \`${container.name}\` did not become ready:\n${running.log()}`)
}

/** A sidecar's time after SIGTERM; terminationGracePeriodSeconds is 30, but the agent needs no second of them. */
const GRACE_MS = 10_000

async function stopPod({ spec }: Pod, directory: string, started: Map<string, RunningContainer>): Promise<void> {
  for (const { name } of spec.containers) take(started, name)?.remove()
  for (const { name } of spec.initContainers ?? []) {
    const sidecar = take(started, name)
    if (sidecar?.running()) sidecar.signal('TERM')
    for (const end = Date.now() + GRACE_MS; sidecar?.running() && Date.now() < end; ) await sleep(100)
    sidecar?.remove()
  }
  take(started, SANDBOX.name)?.remove()
  execFileSync('umount', ['--lazy', directory])
}

function take(started: Map<string, RunningContainer>, name: string): RunningContainer | undefined {
  const container = started.get(name)
  started.delete(name)
  return container
}

function found(started: ReadonlyMap<string, RunningContainer>, name: string): RunningContainer {
  const container = started.get(name)
  if (!container) throw new Error(`container \`${name}\` is not running`)
  return container
}
