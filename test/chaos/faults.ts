/** The faults of two replicas, their certificate, and their way to the API server. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { call, get, kubectl, must, patch } from '../support/cluster/cluster.ts'
import { type Installation, MUTATING, SYSTEM, VALIDATING } from '../support/cluster/installation.ts'
import { makeSandbox } from '../support/cluster/pod-network.ts'
import type { StandInPod } from '../support/cluster/stand-in-pod.ts'
import type { ApiProxy } from './proxy.ts'
import { LEASE, SECRET } from './whole.ts'

export interface Arena {
  readonly webhook: Installation
  readonly proxy: ApiProxy
  /** 0 to 1, by the run's seed. */
  random(): number
}

export interface Fault {
  readonly name: string
  /** Admissions in flight at a replica that is killed or stopped are lost; nothing else may fail one. */
  readonly mayFail: boolean
  /** Does it, and takes it back where it is not for the webhook to mend. */
  run(arena: Arena): Promise<void>
}

const one = ({ webhook, random }: Arena): StandInPod => webhook.pods()[Math.floor(random() * webhook.pods().length)]!

/** Longer than the readiness probe needs to notice. */
const LASTING = 8_000
const KEYS = ['ca.crt', 'tls.crt', 'tls.key', 'signer.crt', 'signer.key'] as const

const FLOODS = ['idle', 'deaf', 'unfinished', 'pipelined', 'halves', 'silent', 'garbage'] as const

/** From a Pod of its own: an attacker is not at the API server's address. */
async function flood(kind: (typeof FLOODS)[number], { webhook }: Arena): Promise<void> {
  const sandbox = await makeSandbox(`flood-${kind}`)
  const program = join(import.meta.dirname, '../fire/flood.ts')
  const env = { PATH: process.env.PATH }
  const floods = webhook.pods().map(({ address }) => {
    const child = sandbox.spawn(process.execPath, [program, kind, '8443', '9090', sandbox.address, address], env)
    child.stdout?.resume()
    child.stderr?.resume()
    return child
  })
  await sleep(LASTING)
  for (const child of floods) child.kill('SIGKILL')
  sandbox.close()
}

const withoutBundle = async (path: string): Promise<void> => {
  const { webhooks } = await get(path)
  const emptied = webhooks.map((entry: { clientConfig: object }) => ({
    ...entry,
    clientConfig: { ...entry.clientConfig, caBundle: null },
  }))
  await patch(path, { webhooks: emptied })
}

export const FAULTS: readonly Fault[] = [
  { name: 'a replica is killed', mayFail: true, run: async (arena) => one(arena).signal('SIGKILL') },
  {
    name: 'both replicas are killed',
    mayFail: true,
    run: async ({ webhook }) => {
      for (const pod of webhook.pods()) pod.signal('SIGKILL')
    },
  },
  {
    name: 'a replica is stopped for 8 s (SIGSTOP)',
    mayFail: true,
    run: async (arena) => {
      const pod = one(arena)
      pod.signal('SIGSTOP')
      await sleep(LASTING)
      pod.signal('SIGCONT')
    },
  },
  {
    name: 'both replicas are rolled out anew',
    mayFail: false,
    run: async () => {
      await kubectl(['-n', SYSTEM, 'rollout', 'restart', 'deployment/kernelseal-webhook'])
      await kubectl(['-n', SYSTEM, 'rollout', 'status', 'deployment/kernelseal-webhook', '--timeout=90s'])
    },
  },
  {
    name: 'the Secret is deleted',
    mayFail: false,
    run: async () => void must(await call('DELETE', SECRET), 'deletion'),
  },
  {
    name: 'the Secret has garbage in one of its keys',
    mayFail: false,
    run: async ({ random }) => {
      const key = KEYS[Math.floor(random() * KEYS.length)]!
      await patch(SECRET, { data: { [key]: Buffer.from('garbage').toString('base64') } })
    },
  },
  { name: 'the caBundle of admission is emptied', mayFail: true, run: () => withoutBundle(MUTATING) },
  { name: 'the caBundle of the guard is emptied', mayFail: false, run: () => withoutBundle(VALIDATING) },
  {
    name: 'a stranger holds the Lease',
    mayFail: false,
    run: async () => {
      const spec = {
        holderIdentity: 'stranger',
        renewTime: '2099-01-01T00:00:00.000000Z',
        leaseDurationSeconds: 2_000_000,
      }
      await patch(LEASE, { spec })
      must(await call('DELETE', SECRET), 'deletion')
    },
  },
  {
    name: 'the API server cannot be reached for 8 s',
    mayFail: false,
    run: async ({ proxy }) => {
      proxy.mode = 'refuse'
      await sleep(LASTING)
      proxy.mode = 'pass'
    },
  },
  {
    name: 'the API server does not answer for 8 s',
    mayFail: false,
    run: async ({ proxy }) => {
      proxy.mode = 'hang'
      await sleep(LASTING)
      proxy.mode = 'pass'
    },
  },
  {
    name: 'connections to the API server break every 0.2 s',
    mayFail: false,
    run: async ({ proxy }) => {
      for (let n = 0; n < 40; n++, await sleep(200)) proxy.cut()
    },
  },
  {
    name: 'the log is not read for 8 s',
    mayFail: false,
    run: async (arena) => {
      const pod = one(arena)
      pod.readLog(false)
      await sleep(LASTING)
      pod.readLog(true)
    },
  },
  ...(['+61d', '-61d'] as const).map((jump) => ({
    name: `the clock of a replica jumps by ${jump} for 8 s`,
    mayFail: false,
    run: async (arena: Arena) => {
      const { directory } = one(arena)
      writeFileSync(join(directory, '.faketimerc'), `${jump}\n`)
      await sleep(LASTING)
      rmSync(join(directory, '.faketimerc'), { force: true })
      writeFileSync(join(directory, '.faketimerc'), '+0\n')
    },
  })),
  ...FLOODS.map((kind) => ({
    name: `a flood of 8 s: ${kind}`,
    mayFail: false,
    run: (arena: Arena) => flood(kind, arena),
  })),
]
