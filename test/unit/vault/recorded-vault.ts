/**
 * A local HTTPS server that answers as HashiCorp Vault's documentation records it: `POST auth/kubernetes/login` and
 * `GET <mount>/data/<path>` of KV version 2, errors included. No real server is tested against.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createAuthority } from '../../../webhook/certificate/self-signed.ts'

interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** An answer to one request; `hang` never answers, `cut` not to the end. */
type Reply = { readonly status: number; readonly body: unknown } | 'hang' | 'cut'

export interface RecordedVault {
  readonly address: string
  readonly ca: string
  readonly seen: Seen[]
  /** Replies to the next requests, before the recorded ones. */
  readonly next: Reply[]
  /** Secrets by path below `/v1/`, keys by value. */
  readonly secrets: Map<string, Record<string, unknown>>
  /** Tokens that were given out and are not revoked. */
  readonly tokens: Set<string>
  lease: number
  readonly close: () => void
}

export async function startRecordedVault(): Promise<RecordedVault> {
  const authority = await createAuthority(['localhost', '127.0.0.1'])
  const server = createServer(await authority.issue())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const vault: RecordedVault = {
    address: `https://127.0.0.1:${port}`,
    ca: authority.ca,
    seen: [],
    next: [],
    secrets: new Map(),
    tokens: new Set(),
    lease: 3600,
    close: () => close(server),
  }
  server.on('request', (request, response) => void serve(vault, request, response))
  return vault
}

function close(server: Server): void {
  server.closeAllConnections()
  server.close()
}

async function serve(vault: RecordedVault, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', url: path = '', headers } = request
  const seen = { method, path, headers, body: await text(request) }
  vault.seen.push(seen)
  const reply = vault.next.shift() ?? (method === 'POST' ? loggedIn(vault, seen) : secretOf(vault, seen))
  if (reply === 'hang') return
  if (reply === 'cut') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 }).write('{"auth":')
    setTimeout(() => response.destroy(), 20)
    return
  }
  response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body))
}

/** developer.hashicorp.com/vault/api-docs/auth/kubernetes#login */
function loggedIn(vault: RecordedVault, { path }: Seen): Reply {
  if (path !== '/v1/auth/kubernetes/login') {
    return {
      status: 404,
      body: { errors: [`no handler for route "${path.slice('/v1/'.length)}". route entry not found.`] },
    }
  }
  const token = `hvs.token-${vault.tokens.size + 1}-${Math.random().toString(36).slice(2)}`
  vault.tokens.add(token)
  const auth = {
    client_token: token,
    accessor: 'afa306d0-be3d-c8d2-b0d7-2676e1c0d9b4',
    policies: ['default', 'shop'],
    metadata: { role: 'shop', service_account_name: 'app', service_account_namespace: 'shop' },
    lease_duration: vault.lease,
    renewable: true,
  }
  return { status: 200, body: { lease_id: '', renewable: false, lease_duration: 0, data: null, warnings: null, auth } }
}

/** developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-version */
function secretOf(vault: RecordedVault, { path, headers }: Seen): Reply {
  if (!vault.tokens.has(String(headers['x-vault-token']))) {
    return { status: 403, body: { errors: ['2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'] } }
  }
  const values = vault.secrets.get(path.slice('/v1/'.length))
  if ((values as unknown) === 'forbidden')
    return { status: 403, body: { errors: ['1 error occurred: permission denied'] } }
  if (!values) return { status: 404, body: { errors: [] } }
  const metadata = {
    created_time: '2026-03-22T02:24:06.945319214Z',
    custom_metadata: null,
    deletion_time: '',
    destroyed: false,
    version: 2,
  }
  const body = { request_id: 'r', lease_id: '', renewable: false, lease_duration: 0, data: { data: values, metadata } }
  return { status: 200, body: { ...body, wrap_info: null, warnings: null, auth: null } }
}
