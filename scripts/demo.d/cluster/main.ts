/** The demo's second form: the story with kubectl, on a cluster of scripts/cluster. See scripts/demo --help. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { step, tell } from '../say.ts'
import { captured, shown } from './kubectl.ts'

/** Emulated, a Pod takes half a minute; on a busy machine several times that. */
const PATIENCE = '--timeout=15m'
const SHOP = 'scripts/demo.d/cluster/shop.yaml'
const ENVIRON = `sh -c 'cat /proc/$(pidof postgres | tr " " "\\n" | sort -n | head -n 1)/environ | tr "\\0" "\\n" | grep PASSWORD'`

const problems: string[] = []
const expect = (holds: boolean, problem: string): void => {
  if (!holds) problems.push(problem)
}

step('Installing KernelSeal (deploy/overlays/self-signed, with longer probes: this node is emulated)')
await shown('kubectl apply -k test/node/overlays/self-signed', 3)
await shown(`kubectl -n kernelseal-system rollout status deployment/kernelseal-webhook ${PATIENCE}`, 1)

step('A namespace, a Secret, and PostgreSQL: with one annotation, and without')
await shown('kubectl create namespace shop')
await shown('kubectl label namespace shop kernelseal.io/injection=enabled')
await shown('kubectl apply -f deploy/examples/events-role.yaml')
await shown(`kubectl apply -f ${SHOP}`)
await shown(`kubectl -n shop rollout status deployment/unprotected ${PATIENCE}`, 1)
await shown(`kubectl -n shop rollout status deployment/database ${PATIENCE}`, 1)
await shown('kubectl -n shop get pods')

step('The password in the Pod’s description, and in an exec session')
const described = await shown('kubectl -n shop describe pod -l app=database | grep POSTGRES_PASSWORD:')
expect(/kernelseal:v1:/.test(described.stdout), 'the Pod shows no placeholder')
const env = await shown('kubectl -n shop exec deployment/database -c postgres -- env | grep PASSWORD')
expect(/POSTGRES_PASSWORD=kernelseal:v1:/.test(env.stdout), 'an exec session has no placeholder')

step('A client with a sealed copy of the password logs in')
const address = await captured("kubectl -n shop get pod -l app=database -o jsonpath='{.items[0].status.podIP}'")
const client = readFileSync(join(import.meta.dirname, 'client.yaml'), 'utf8').replaceAll('ADDRESS', address.stdout)
await shown('kubectl apply -f -', undefined, { as: 'kubectl apply -f client.yaml', input: client })
await shown(`kubectl -n shop wait --for=condition=complete job/client ${PATIENCE}`)
const login = await shown('kubectl -n shop logs job/client -c client')
expect(login.stdout.includes('logged in as postgres'), 'the client could not log in')

step('The same attack on both databases: read the environment of the server')
const open = await shown(`kubectl -n shop exec deployment/unprotected -- ${ENVIRON}`)
expect(
  open.stdout.includes('correct-horse'),
  'the attack does not work without KernelSeal, so that a refusal would prove nothing',
)
const closed = await shown(`kubectl -n shop exec deployment/database -c postgres -- ${ENVIRON}`)
expect(closed.stdout === '', 'the environment was read')
expect(/Operation not permitted/.test(closed.stderr), 'the kernel did not refuse')

step('Other ways in')
const pod = await captured('kubectl -n shop get pod -l app=database -o name')
const debug = await shown(
  `kubectl -n shop debug ${pod.stdout.trim()} --image=localhost/kernelseal-test-shell:1 --target=postgres -- sh`,
)
expect(/KernelSeal/.test(debug.stderr), 'a debugger was let in')
const agent = await shown('kubectl -n shop exec deployment/database -c kernelseal-agent -- kernelseal status')
expect(/KernelSeal/.test(agent.stderr), 'a session in the agent was let in')

step('The traces of it: the log, and an Event on the Pod')
const log = await shown(
  `kubectl -n shop logs deployment/database -c kernelseal-agent | grep -o '"msg":"PID=[^"]*environ[^"]*' | head -n 1`,
)
expect(/environ access/.test(log.stdout), 'the agent has not logged the refusal')
const events = await shown(
  'for i in $(seq 60); do kubectl -n shop get events | grep SecretAccessBlocked && break; sleep 2; done',
  undefined,
  {
    as: 'kubectl -n shop get events | grep SecretAccessBlocked',
  },
)
expect(/SecretAccessBlocked/.test(events.stdout), 'there is no Event')

console.log('')
for (const problem of problems) console.error(`    FAILED: ${problem}`)
if (!problems.length)
  tell('OK: the database had its password, a client logged in with its own, and no other process saw it')
process.exitCode = problems.length ? 1 : 0
