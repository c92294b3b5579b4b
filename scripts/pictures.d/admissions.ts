/** Admissions for the real webhook during a run: the manifests of deploy/examples, and a few that it refuses or leaves alone. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { load } from 'js-yaml'
import type { Pod } from '../demo.d/pod/spec.ts'
import type { Webhook } from '../demo.d/webhook.ts'

const EXAMPLES = join(import.meta.dirname, '../../deploy/examples')

/** Between one and five a second, in a wave of a quarter of an hour: a rate that never changes would say nothing of the panel. */
const perSecond = (seconds: number): number => 3 + 2 * Math.sin((2 * Math.PI * seconds) / 900)

/** @returns a function that ends them, after the last answer */
export function sendAdmissions(webhook: Webhook): () => Promise<void> {
  const pods = mix()
  let ended = false
  const sending = (async () => {
    const began = performance.now()
    for (let i = 0; !ended; i++) {
      await webhook.ask(pods[i % pods.length]!)
      await sleep(1000 / perSecond((performance.now() - began) / 1000))
    }
  })()
  // Should the webhook fail during the run, the end says so.
  sending.catch(() => {})
  return () => {
    ended = true
    return sending
  }
}

/** Of twelve Pods nine are sealed, two bind nothing or opt out, one has a mistake. */
export function mix(): Pod[] {
  const shop = load(read('demo-pod.yaml')) as Pod
  const [web, orders] = [ofTemplate('one-secret.yaml'), ofTemplate('sealed-as-it-stands.yaml')]
  const plain = annotated(shop, {})
  const leftAlone = annotated(shop, { ...shop.metadata.annotations, 'kernelseal.io/inject': 'false' })
  const mistaken = annotated(shop, { 'kernelseal.io/bindings': '- { name: login, selektor: { container: app } }' })
  return [shop, web, orders, shop, plain, web, shop, mistaken, orders, shop, leftAlone, web]
}

const read = (name: string): string => readFileSync(join(EXAMPLES, name), 'utf8')

const annotated = (pod: Pod, annotations: Record<string, string>): Pod => ({
  ...pod,
  metadata: { ...pod.metadata, annotations },
})

/** The Pod that a Deployment's controller would make. */
function ofTemplate(name: string): Pod {
  const { metadata, spec } = load(read(name)) as { metadata: Pod['metadata']; spec: { template: Pod } }
  const { template } = spec
  return { ...template, metadata: { ...template.metadata, name: `${metadata.name}-0`, namespace: metadata.namespace } }
}
