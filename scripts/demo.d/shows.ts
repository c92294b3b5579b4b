/** The demo's views of a running Pod, each checked as it is shown. */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningPod } from './pod/kubelet.ts'
import { shortened, tell } from './say.ts'

const VARIABLE = 'PGPASSWORD'
/** Node and psql start within some 5 s under emulation; on a busy machine it takes longer. */
const START_SECONDS = 60

/** The application prints its value; the demo compares it with the expected one. @returns problems */
export async function checkDelivery(pod: RunningPod, password: string): Promise<string[]> {
  const app = pod.container('app')
  for (const end = Date.now() + START_SECONDS * 1000; Date.now() < end && app.running(); await sleep(200)) {
    if (app.log().includes('login to PostgreSQL')) break
  }
  const log = app.log()
  tell(log.replaceAll(/^/gm, 'app: ').replace(/app: $/, ''))
  const digest = createHash('sha256').update(password).digest('hex').slice(0, 16)
  return [
    ...(log.includes(`SHA-256 ${digest}…`) ? [] : [`the application's ${VARIABLE} is not the Secret's value`]),
    ...(log.includes('login to PostgreSQL succeeded') ? [] : ['the application could not log in']),
    ...(log.includes(password) ? ["the application's log shows the value"] : []),
  ]
}

/** @returns problems */
export function showPlaceholders(pod: RunningPod): string[] {
  const { status, stdout, stderr } = pod.container('app').exec(['env'])
  const line = stdout.split('\n').find((text) => text.startsWith(`${VARIABLE}=`)) ?? ''
  tell(`kubectl exec app -- env: ${shortened(line)}`)
  if (status !== 0) return [`\`env\` by way of runc exec ended with status ${status}: ${stderr}`]
  return line.startsWith(`${VARIABLE}=kernelseal:v1:`) ? [] : ['`env` by way of runc exec shows no placeholder']
}
