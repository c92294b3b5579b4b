/** An HTTPS server that takes Events as an API server does, and gives the prescribed answers. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type OwnPod, ownPod } from '../../agent/kube/pod.ts'
import { createAuthority } from '../../webhook/certificate/self-signed.ts'
import { temporaryFolder } from '../unit/temporary.ts'

export interface Asked {
  readonly path: string
  readonly authorization: string
  // biome-ignore lint/suspicious/noExplicitAny: an Event, to be looked into
  readonly event: any
}

export interface ApiServer {
  readonly pod: OwnPod
  readonly asked: readonly Asked[]
  /** HTTP status of the answers from now on. */
  status: number
  /** Milliseconds until an answer. */
  delay: number
  readonly close: () => void
}

/** @param trusted whether the Pod's `ca.crt` is the one the server's certificate is by */
export async function startApiServer(trusted = true): Promise<ApiServer> {
  const authority = await createAuthority(['127.0.0.1'])
  const { ca } = trusted ? authority : await createAuthority(['127.0.0.1'])
  const asked: Asked[] = []
  const state = { status: 201, delay: 0 }
  const server = createServer(await authority.issue(), async (request, response) => {
    const event = await json(request)
    asked.push({ path: request.url!, authorization: request.headers.authorization!, event })
    await sleep(state.delay)
    response.writeHead(state.status).end(JSON.stringify({ message: 'in the server’s own words' }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const account = temporaryFolder('account')
  writeFileSync(join(account, 'token'), 'the-token\n')
  writeFileSync(join(account, 'ca.crt'), ca)
  const service = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: `${portOf(server.address())}` }
  const pod = ownPod({ POD_NAME: 'shop-0', POD_NAMESPACE: 'shop', POD_UID: 'a-uid', ...service }, account)
  if (typeof pod === 'string') throw new Error(pod)
  const close = (): void => {
    server.closeAllConnections()
    server.close()
  }
  return Object.assign(state, { pod, asked, close })
}

const portOf = (address: AddressInfo | string | null): number => (address as AddressInfo).port
