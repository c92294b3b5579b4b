/** The node as its administrator sees it: Pods with all privileges, in a namespace that is none of KernelSeal's. */
import { type Any, call, get, kubectl, makeNamespace, must, podsOf, until } from '../support/cluster/cluster.ts'
import { kustomized } from '../support/cluster/installation.ts'
import { jobEnds } from './jobs.ts'
import { PATIENCE, SHELL } from './shop.ts'

const NAMESPACE = 'administration'
let count = 0

/** @returns the script's output */
const onNode = (script: string): Promise<string> => run({ image: SHELL, args: ['-c', script] })

/** Paths of the pins of programs and maps in the node's kernel. */
export const pins = (): Promise<string> => onNode('find /sys/fs/bpf ! -type d')

/**
 * Names of the BPF programs in the node's kernel and of their functions, ours and others' (kernel/bpf/core.c,
 * bpf_get_prog_name). Without those that have no name: runc gives each container one for its devices.
 */
export const programsOfKernel = async (): Promise<string[]> =>
  (await onNode("sed -n 's/.* bpf_prog_[0-9a-f]*_\\([^ \t]*\\).*/\\1/p' /proc/kallsyms")).split('\n').toSorted()

/** `kernelseal status`, of the image that the webhook gives Pods. */
export const status = async (): Promise<Any> =>
  JSON.parse(await run({ image: 'kernelseal-agent:0.1.0', args: ['status', '--json'] }))

/** Applies one of the Jobs that the project ships, waits until it has ended, and takes it away. */
export async function shipped(job: 'doctor' | 'unload'): Promise<{ readonly ended: string; readonly said: string }> {
  const [folder, namespace] = [`deploy/${job}`, `kernelseal-${job}`]
  await kustomized('apply', folder)
  const ended = await jobEnds(job, `/apis/batch/v1/namespaces/${namespace}/jobs`)
  const { stdout } = await kubectl(['-n', namespace, 'logs', `job/${job}`])
  await kustomized('delete', folder)
  return { ended, said: stdout.trim() }
}

/** SIGKILL for the first process of a container, as the kernel sends it where memory is short. @param id `containerd://…` */
export async function killContainer(id: string): Promise<void> {
  const of = id.replace('containerd://', '')
  const said = await onNode(
    `pid=$(grep -ls ${of} /proc/[0-9]*/cgroup | cut -d/ -f3 | sort -n | head -n 1); kill -9 $pid && echo killed`,
  )
  if (said !== 'killed') throw new Error(`the container ${of} was not killed: ${said}`)
}

/** Output and errors of a container that sees the node's processes and file systems. */
async function run(container: object): Promise<string> {
  if ((await call('GET', `/api/v1/namespaces/${NAMESPACE}`)).status !== 200) await makeNamespace(NAMESPACE)
  const name = `${process.pid}-${++count}`
  const volumeMounts = [{ name: 'sys', mountPath: '/sys' }]
  const spec = {
    restartPolicy: 'Never',
    hostPID: true,
    terminationGracePeriodSeconds: 0,
    volumes: [{ name: 'sys', hostPath: { path: '/sys' } }],
    containers: [
      { name: 'only', imagePullPolicy: 'Never', securityContext: { privileged: true }, volumeMounts, ...container },
    ],
  }
  must(await call('POST', podsOf(NAMESPACE), { metadata: { name }, spec }), 'a Pod on the node')
  const ended = async (): Promise<Any> =>
    /Succeeded|Failed/.test((await get(`${podsOf(NAMESPACE)}/${name}`)).status.phase)
  await until(`the Pod ${name} has ended`, ended, PATIENCE)
  const { stdout } = await kubectl(['-n', NAMESPACE, 'logs', name])
  return stdout.trim()
}
