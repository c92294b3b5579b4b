/** A person's kubeconfig: which server is asked, under which name. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { connectByKubeconfig } from '../../../../webhook/kube/kubeconfig.ts'
import { temporaryFolder } from '../../temporary.ts'

const folder = temporaryFolder('kubeconfig')
const asked: IncomingMessage[] = []
const server = createServer((request, response) => {
  asked.push(request)
  if (request.url?.endsWith('/refused')) return response.writeHead(403).end('{"message":"not you"}')
  response.end(request.url?.endsWith('/text') ? 'plain text' : '{"kind":"Answer"}')
})
before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
after(() => {
  server.closeAllConnections()
  server.close()
})

/** Prints credentials as `client.authentication.k8s.io/v1` has them. */
const plugin = {
  apiVersion: 'client.authentication.k8s.io/v1',
  command: process.execPath,
  args: [
    '-e',
    'console.log(JSON.stringify({ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: { token: "of-the-plugin" } }))',
  ],
  interactiveMode: 'Never',
}

function kubeconfig(): string {
  const { port } = server.address() as AddressInfo
  const at = `http://127.0.0.1:${port}`
  const file = join(folder, 'config')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'plain', cluster: { server: at, 'insecure-skip-tls-verify': true } },
      { name: 'gateway', cluster: { server: `${at}/k8s/clusters/c-1/`, 'insecure-skip-tls-verify': true } },
    ],
    users: [
      { name: 'token', user: { token: 'of-the-file' } },
      { name: 'plugin', user: { exec: plugin } },
    ],
    contexts: [
      { name: 'first', context: { cluster: 'plain', user: 'token', namespace: 'shop' } },
      { name: 'second', context: { cluster: 'gateway', user: 'plugin' } },
    ],
    'current-context': 'first',
  }
  writeFileSync(file, JSON.stringify(config))
  return file
}

const last = () => asked.at(-1)!

describe('a cluster by kubeconfig', () => {
  it('is that of the current context, with its namespace and its token', async () => {
    const { api, namespace } = await connectByKubeconfig({ kubeconfig: kubeconfig() })
    assert.equal(namespace, 'shop')
    assert.deepEqual(await api.call('GET', '/version'), { kind: 'Answer' })
    assert.deepEqual([last().url, last().headers.authorization], ['/version', 'Bearer of-the-file'])
  })

  it('of another context, behind a path, with a plugin that logs in', async () => {
    const { api, namespace } = await connectByKubeconfig({ kubeconfig: kubeconfig(), context: 'second' })
    assert.equal(namespace, undefined)
    assert.equal(await api.text('/text'), 'plain text')
    assert.deepEqual([last().url, last().headers.authorization], ['/k8s/clusters/c-1/text', 'Bearer of-the-plugin'])
    await assert.rejects(api.text('/refused'), { name: 'ApiError', status: 403 })
  })

  it('without such a context, or without any file, is an error that says so', async () => {
    await assert.rejects(
      connectByKubeconfig({ kubeconfig: kubeconfig(), context: 'third' }),
      /has no context `third`; it has `first`, `second`/,
    )
    await assert.rejects(connectByKubeconfig({ kubeconfig: join(folder, 'none') }), /none/)
    const [home, file] = [process.env.HOME, process.env.KUBECONFIG]
    Object.assign(process.env, { HOME: folder, KUBECONFIG: '' })
    try {
      await assert.rejects(connectByKubeconfig({}), /there is no kubeconfig: give --kubeconfig FILE, or set KUBECONFIG/)
    } finally {
      Object.assign(process.env, { HOME: home, KUBECONFIG: file ?? '' })
    }
  })
})
