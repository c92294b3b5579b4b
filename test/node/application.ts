/** One application twice, with protection and without, for the stories that look at it from outside. */
import { createHash } from 'node:crypto'
import { BINDING } from '../support/cluster/pods.ts'
import { deploy, template } from './shop.ts'

/** Proves its value without printing it, and stays; `sleep` is the process to look at. */
export const SCRIPT =
  'echo "PGPASSWORD: $(printf %s "$PGPASSWORD" | wc -c) characters, SHA-256 $(printf %s "$PGPASSWORD" | sha256sum)"; exec sleep 1000000'

export const startProtected = (): Promise<void> => deploy('web', template('web', SCRIPT, BINDING))

/** Ended when its Secret changes, which is one of its own, and started again by the kubelet. */
export const startRotating = (secret: string): Promise<void> =>
  deploy(
    'rotating',
    template('rotating', SCRIPT, {
      'kernelseal.io/bindings': JSON.stringify([
        {
          name: 'database',
          selector: { container: 'app' },
          onRotate: 'restart',
          secretRefs: [{ name: 'PGPASSWORD', source: { secretKeyRef: { name: secret, key: 'password' } } }],
        },
      ]),
    }),
  )

/** The application's line about a password it was given. */
export const saysOf = (password: string): RegExp => {
  const hash = createHash('sha256').update(password).digest('hex')
  return new RegExp(`^PGPASSWORD: ${password.length} characters, SHA-256 ${hash}`, 'm')
}

/** As a Pod without KernelSeal has it, by the annotation that leaves one alone. */
export function startBare(): Promise<void> {
  const env = [{ name: 'PGPASSWORD', valueFrom: { secretKeyRef: { name: 'db-credentials', key: 'password' } } }]
  const annotations = { ...BINDING, 'kernelseal.io/inject': 'false' }
  return deploy('bare', template('bare', SCRIPT, annotations, { env }))
}

/** Of the shell in an exec session: prints the environment of the application's process. */
export const READ_ENVIRON = ['sh', '-c', 'cat /proc/$(pidof sleep)/environ']
