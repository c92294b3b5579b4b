/** The reviews that are measured: as an API server sends them, from a small Pod to the largest there are. */

/** `managedFields` and the like are most of a real review; ballast brings it to the size wanted. */
function review(pod: { metadata: object; spec: object }, bytes: number): Buffer {
  const whole = (ballast: string) =>
    JSON.stringify({
      kind: 'AdmissionReview',
      apiVersion: 'admission.k8s.io/v1',
      request: {
        uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
        kind: { group: '', version: 'v1', kind: 'Pod' },
        resource: { group: '', version: 'v1', resource: 'pods' },
        operation: 'CREATE',
        namespace: 'shop',
        userInfo: {
          username: 'system:serviceaccount:kube-system:replicaset-controller',
          groups: ['system:authenticated'],
        },
        object: { apiVersion: 'v1', kind: 'Pod', ...pod, status: {}, ballast },
        dryRun: false,
      },
    })
  return Buffer.from(whole('x'.repeat(Math.max(0, bytes - whole('').length))))
}

const variables = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ name: `VARIABLE_${n}`, value: `value-${n}` }))
const secrets = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, n) => [`secret.kernelseal.io/SECRET_${n}`, `secret/app/key-${n}`]),
  )
const pod = (sealed: number, plain: number) => ({
  metadata: { generateName: 'web-', annotations: secrets(sealed) },
  spec: { containers: [{ name: 'app', image: 'registry.example/app:1', env: variables(plain) }] },
})

export const REVIEWS: Readonly<Record<string, Buffer>> = {
  '4.5 KB, 2 secrets': review(pod(2, 10), 4_500),
  '50 KB, 20 secrets': review(pod(20, 200), 50_000),
  '1,500 variables, 20 secrets': review(pod(20, 1_500), 0),
  '1,500 variables, 256 secrets': review(pod(256, 1_500), 0),
}
