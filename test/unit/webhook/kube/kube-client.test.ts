/** The connection to the API server: verified, with the service account's token. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { createAuthority } from '../../../../webhook/certificate/self-signed.ts'
import { connectKube } from '../../../../webhook/kube/client.ts'
import { temporaryFolder } from '../../temporary.ts'

const folder = temporaryFolder('kube')
const apiTokenFile = join(folder, 'token')
const apiCaFile = join(folder, 'ca.crt')
let server: Server
let apiServer: string

before(async () => {
  const authority = await createAuthority(['localhost'])
  const { cert, key } = await authority.issue()
  writeFileSync(apiTokenFile, 'service-account-token')
  writeFileSync(apiCaFile, authority.ca)
  server = createServer({ cert, key }, ({ headers: { authorization } }, response) => {
    response.end(JSON.stringify({ authorization, unknown: { field: 1 } }))
  }).listen(0, 'localhost')
  await once(server, 'listening')
  apiServer = `https://localhost:${(server.address() as AddressInfo).port}`
})

after(() => {
  server.closeAllConnections()
  server.close()
})

it('sends the token to a server whose certificate its CA signed, and keeps unknown fields', async () => {
  const api = await connectKube({ apiServer, apiTokenFile, apiCaFile })
  const answer = await api?.call('GET', '/version')
  assert.deepEqual(answer, { authorization: 'Bearer service-account-token', unknown: { field: 1 } })
})

it('sends nothing to a server it cannot verify', async () => {
  const api = await connectKube({ apiServer, apiTokenFile, apiCaFile: '/nowhere' })
  await assert.rejects(api?.call('GET', '/version') as Promise<unknown>, /self-signed|unable to (verify|get)/)
})
