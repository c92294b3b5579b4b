/** Our own configurations, changed for a test of the order of webhooks. */
import { call, get, MINOR, must, until } from '../cluster.ts'
import { kustomized, MUTATING } from '../installation.ts'

export const LAST_WORD = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/zz-kernelseal'

/** As its users do; a server of before 1.28 drops the condition that it does not know. Its authority comes at the next look. */
export async function applyLastWord(): Promise<void> {
  await kustomized('apply', 'deploy/last-word', ...(MINOR < 28 ? ['--validate=false'] : []))
  await until('the webhook has published its authority', async () => {
    return (await get(LAST_WORD)).webhooks[0].clientConfig.caBundle !== undefined
  })
}

export function askAgain(reinvocationPolicy: 'Never' | 'IfNeeded'): Promise<unknown> {
  const operation = { op: 'replace', path: '/webhooks/0/reinvocationPolicy', value: reinvocationPolicy }
  return call('PATCH', MUTATING, [operation], 'application/json-patch+json').then((answer) => must(answer, 'ours'))
}
