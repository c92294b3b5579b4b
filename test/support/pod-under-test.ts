/** A small Pod, as the webhook makes it: a shell that execs its server, and a neighbour with every capability. */
import { applyPatch } from 'rfc6902'
import { AGENT_IMAGE, images } from '../../scripts/demo.d/images.ts'
import type { Image, Pod } from '../../scripts/demo.d/pod/spec.ts'
import type { Cluster } from '../../webhook/mutate/cluster/cluster.ts'
import { injectPod } from '../../webhook/mutate/inject.ts'

/**
 * Without monitoring, since the sidecar has to answer its startup probe even so. TOKEN goes to the program that a
 * binding names, PASSWORD to the entrypoint and its descendants.
 */
const CONFIG = `
version: v1
monitoring: { enabled: false }
secrets:
  - name: entrypoint
    selector: { container: app }
    secretRefs: [{ name: PASSWORD, source: { secretKeyRef: { name: login, key: password } } }]
  - name: named
    selector: { container: app, binary: /usr/bin/printenv }
    secretRefs: [{ name: TOKEN, source: { secretKeyRef: { name: login, key: password } } }]
`

const SERVER = 'echo "server has $(printf %s "$PASSWORD" | sha256sum)"; exec sleep infinity'
const ENTRYPOINT = `echo "printenv has $(printf %s "$(printenv TOKEN)" | sha256sum)"; exec bash -c '${SERVER}'`

/** Starts a program with the text of FOUND as its PASSWORD, and keeps the value that the program then has. */
export const FOUND = '/tmp/found'
export const GOT = '/tmp/got'
const INTRUDER = `until [ -s ${FOUND} ]; do sleep 0.2; done
env PASSWORD="$(cat ${FOUND})" sh -c 'printf %s "$PASSWORD" > ${GOT}.new; mv ${GOT}.new ${GOT}'
exec sleep infinity`

const CLUSTER: Cluster = {
  defaultMode: () => 'enforce',
  podSecurity: () => undefined,
  nativeSidecars: () => true,
  appArmorField: () => true,
  secretTokens: () => false,
}

const POD: Pod = {
  metadata: { name: 'tested', namespace: 'test', annotations: { 'kernelseal.io/bindings': CONFIG } },
  spec: {
    containers: [
      { name: 'app', image: 'app', command: ['/bin/sh', '-c', ENTRYPOINT] },
      { name: 'intruder', image: 'app', command: ['/bin/sh', '-c', INTRUDER], securityContext: { privileged: true } },
    ],
  },
}

export const testImages: Readonly<Record<string, Image>> = { [AGENT_IMAGE]: images[AGENT_IMAGE]!, app: {} }

export const admitted = (): Pod => admit(POD)

/** A Pod after admission. @throws when it is not injected */
export function admit(submitted: Pod): Pod {
  const resources = { cpuRequest: '', cpuLimit: '', memoryRequest: '', memoryLimit: '' }
  const agent = { image: AGENT_IMAGE, imagePullPolicy: 'IfNotPresent', ...resources } as const
  const outcome = injectPod(submitted, { agent }, { nonce: () => '5e'.repeat(16), cluster: CLUSTER })
  if (outcome.kind !== 'inject') throw new Error(`the Pod was not injected: ${JSON.stringify(outcome)}`)
  const pod = structuredClone(submitted)
  applyPatch(pod, [...outcome.operations])
  return pod
}
