/** `kernelseal check`: is KernelSeal in this cluster as it should be? One line a subject: place, fault, cure. */
import { checkBefore, check as checkFacts } from '../check/check.ts'
import { CONNECTION_OPTIONS, openCluster } from '../check/cluster.ts'
import { collect } from '../check/collect/collect.ts'
import { checkReport } from '../check/report.ts'
import { command } from '../options/command.ts'
import type { NothingLeft, Values } from '../options/table.ts'
import { EXIT } from './command.ts'

const TEXT = `Looks at a cluster from outside, with your own kubeconfig: the webhook and its certificate, images, policies, namespaces, nodes
and the Pods that bind secrets. Each fault is named with its place and its cure. It reads, changes nothing and asks for no Secret; one Pod
is created as a dry run, in a namespace that has opted in, to see whether the API server reaches the webhook.`

const OPTIONS = {
  pre: { help: 'before anything is installed: the cluster and its nodes alone' },
  ...CONNECTION_OPTIONS,
  namespace: { short: 'n', value: 'NAME', completes: 'nothing', help: 'look at the Pods of this namespace alone' },
  json: { help: 'an array of { what, state, found, fix }; state is ok, warn, unknown or fail' },
} as const

export const check = command({
  name: 'check',
  summary: 'is it as it should be in this cluster?',
  usage: '[--pre] [options]',
  text: TEXT,
  options: OPTIONS,
  notes: `A node's kernel is known by an agent that is ready there, or by the doctor of deploy/doctor, which may be run before KernelSeal is installed.`,
  exit: '0, 1 when something has to be put right, 2 when no cluster can be asked.',
  run: main,
})

async function main({ pre, json, context, kubeconfig, namespace, ...left }: Values<typeof OPTIONS>): Promise<number> {
  left satisfies NothingLeft
  const facts = await collect(await openCluster({ context, kubeconfig }), namespace)
  const lines = pre ? checkBefore(facts) : checkFacts(facts)
  process.stdout.write(json ? `${JSON.stringify(lines, null, 2)}\n` : checkReport(lines))
  return lines.some(({ state }) => state === 'fail') ? EXIT.failed : EXIT.ok
}
