/**
 * A kubelet's work for one Pod of the webhook's Deployment, with the webhook as a process instead of an image:
 * network, token, environment and probes as the manifest says, status reported, SIGTERM and its grace period on
 * deletion.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { ADDRESS, type Any, call, must, PORT, podsOf, REPOSITORY, STATE } from './cluster.ts'
import { makeSandbox, type Sandbox } from './pod-network.ts'

export interface StandInPod {
  readonly name: string
  readonly uid: string
  readonly address: string
  readonly ready: boolean
  /** The webhook's log, over all its lives. */
  readonly log: readonly Any[]
  readonly restarts: number
  /** Its home, which no other Pod has. */
  readonly directory: string
  /** As if the kernel had killed it; the stand-in starts it again. */
  kill(): void
  /** Any signal; one that ends it is as `kill`. */
  signal(name: NodeJS.Signals): void
  /** Whether its output is read: a log that stands still, as under a runtime that has none to give it to. */
  readLog(reads: boolean): void
  /** The Pod's deletion, as a kubelet does it; its own grace period, unless another is given. */
  terminate(graceSeconds?: number): Promise<void>
}

export async function startPod(pod: Any): Promise<StandInPod> {
  const { name, namespace, uid } = pod.metadata
  const [container] = pod.spec.containers
  const directory = mkdtempSync(join(tmpdir(), 'kernelseal-pod-'))
  const env = await environmentOf(pod, directory)
  const sandbox = await makeSandbox(name)
  const path = `${podsOf(namespace)}/${name}`
  const log: Any[] = []
  const state = { started: false, ready: false, restarts: 0, ending: false }
  let child = start()
  const probing = probe()
  return {
    name,
    uid,
    log,
    address: sandbox.address,
    get ready() {
      return state.ready
    },
    get restarts() {
      return state.restarts
    },
    directory,
    kill: () => void child.kill('SIGKILL'),
    signal: (signal) => void child.kill(signal),
    readLog: (reads) => void (reads ? child.stdout?.resume() : child.stdout?.pause()),
    terminate,
  }

  function start(): ChildProcess {
    const started = sandbox.spawn(process.execPath, [join(REPOSITORY, 'webhook/main.ts')], env)
    for (const stream of [started.stdout!, started.stderr!]) {
      createInterface(stream).on('line', (line) => log.push(line.startsWith('{') ? JSON.parse(line) : { msg: line }))
    }
    started.once('exit', () => void restart())
    return started
  }

  /** The first restart of a kubelet comes without back-off. */
  async function restart(): Promise<void> {
    if (state.ending) return
    state.started = false
    await report(false)
    state.restarts++
    child = start()
  }

  /** Startup probe until it succeeds, then the readiness probe: their periods and thresholds are the manifest's. */
  async function probe(): Promise<void> {
    let failures = 0
    while (!state.ending) {
      const { httpGet, periodSeconds, failureThreshold } = state.started
        ? container.readinessProbe
        : container.startupProbe
      const ok = await answers(sandbox, container, httpGet)
      if (ok && !state.started) {
        state.started = true
        continue
      }
      failures = ok ? 0 : failures + 1
      if (ok && !state.ready) await report(true)
      if (state.ready && failures >= failureThreshold) await report(false)
      await sleep(periodSeconds * 1000, undefined, { ref: false })
    }
  }

  async function report(ready: boolean): Promise<void> {
    state.ready = ready
    const body = { status: statusOf(container, sandbox.address, ready) }
    await call('PATCH', `${path}/status`, body, 'application/strategic-merge-patch+json')
  }

  async function terminate(graceSeconds = pod.spec.terminationGracePeriodSeconds): Promise<void> {
    state.ending = true
    const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : Promise.resolve()
    child.kill('SIGTERM')
    const late = sleep(graceSeconds * 1000, undefined, { ref: false }).then(() => child.kill('SIGKILL'))
    await Promise.race([gone, late])
    await gone
    sandbox.close()
    await probing
    rmSync(directory, { recursive: true })
    must(await call('DELETE', path, { gracePeriodSeconds: 0, preconditions: { uid } }), `deletion of ${name}`)
  }
}

/**
 * The container's own variables, and a kubelet's additions: the address of the API server, and a token bound to the
 * Pod.
 */
async function environmentOf(pod: Any, directory: string): Promise<NodeJS.ProcessEnv> {
  const { name, namespace, uid } = pod.metadata
  const account = `/api/v1/namespaces/${namespace}/serviceaccounts/${pod.spec.serviceAccountName}/token`
  const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name, uid }
  const token = must(await call('POST', account, { spec: { expirationSeconds: 3600, boundObjectRef } }), 'a token')
  writeFileSync(join(directory, 'token'), token.status.token, { mode: 0o600 })
  copyFileSync(join(STATE, 'pki/ca.crt'), join(directory, 'ca.crt'))
  const own = pod.spec.containers[0].env.map(({ name, value }: Any) => [name, value ?? ''])
  return {
    ...Object.fromEntries(own),
    PATH: process.env.PATH,
    HOME: directory,
    KUBERNETES_SERVICE_HOST: ADDRESS,
    KUBERNETES_SERVICE_PORT: `${PORT}`,
    // A kubelet mounts them at one place; here every Pod sees the same files.
    KSEAL_API_TOKEN_FILE: join(directory, 'token'),
    KSEAL_API_CA_FILE: join(directory, 'ca.crt'),
  }
}

/** A kubelet does not verify the certificate, and takes 200 to 399 for a success. */
async function answers({ address }: Sandbox, container: Any, { path, port }: Any): Promise<boolean> {
  const { containerPort } = container.ports.find(({ name }: Any) => name === port)
  const asking = request({
    host: address,
    port: containerPort,
    path,
    rejectUnauthorized: false,
    timeout: 2_000,
    agent: false,
  })
  asking.on('timeout', () => asking.destroy(new Error('time is up'))).end()
  try {
    const [response] = await once(asking, 'response')
    response.resume()
    return response.statusCode >= 200 && response.statusCode < 400
  } catch {
    return false
  }
}

function statusOf(container: Any, podIP: string, ready: boolean) {
  const status = ready ? 'True' : 'False'
  const conditions = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
    type,
    status: type === 'Ready' || type === 'ContainersReady' ? status : 'True',
    lastTransitionTime: `${new Date().toISOString().slice(0, 19)}Z`,
  }))
  const running = { name: container.name, image: container.image, imageID: '', restartCount: 0, ready, started: true }
  return { phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions, containerStatuses: [running] }
}
