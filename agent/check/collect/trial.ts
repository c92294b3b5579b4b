/** A dry run of a Pod that seals nothing: the one way to see from outside whether the API server reaches the webhook and trusts it. */
import { PREFIX } from '../../policy/sidecar.ts'
import type { Trial } from '../facts.ts'
import { type Api, statusOf } from './reading.ts'

/**
 * It asks to be looked at and has nothing to seal, so that the webhook writes its mark and no more. Within the level `restricted`: a
 * refusal by another would hide the answer.
 */
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { generateName: 'kernelseal-check-', annotations: { [`${PREFIX}seal-env`]: 'true' } },
  spec: {
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'nothing',
        image: 'kernelseal.invalid/never-started',
        resources: { requests: { cpu: '1m', memory: '1Mi' }, limits: { cpu: '1m', memory: '1Mi' } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  },
}

interface Created {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> }
}

/** @param namespace one that has opted in; undefined where there is none */
export async function tryWebhook(api: Api, namespace: string | undefined): Promise<Trial> {
  if (namespace === undefined) return { outcome: 'unknown', words: 'no namespace is known that has opted in' }
  try {
    const pod = await api.call<Created>('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, POD)
    const isMarked = pod.metadata.annotations?.[`${PREFIX}status`] !== undefined
    return { outcome: isMarked ? 'answered' : 'ignored', namespace }
  } catch (error) {
    return { outcome: ofTheWebhook(error) ? 'failed' : 'unknown', namespace, words: (error as Error).message }
  }
}

/** The API server's words (k8s.io/apiserver, webhook.ErrCallingWebhook). Another refusal says nothing about us. */
const ofTheWebhook = (error: unknown): boolean =>
  statusOf(error) >= 500 && /failed calling webhook/.test((error as Error).message)
