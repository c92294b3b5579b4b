/** A person's kubeconfig: which server is asked, under which name. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
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

function kubeconfig(name = 'config', more: object = {}): string {
  const { port } = server.address() as AddressInfo
  const at = `http://127.0.0.1:${port}`
  const file = join(folder, name)
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
    ...more,
  }
  writeFileSync(file, JSON.stringify(config))
  return file
}

/** @returns the message of the error in which it ends */
const refusal = (named: Parameters<typeof connectByKubeconfig>[0]): Promise<string> =>
  connectByKubeconfig(named).then(
    () => assert.fail('it connected'),
    ({ message }) => message,
  )

async function withKubeconfigs<T>(files: readonly string[], work: () => Promise<T>): Promise<T> {
  const { KUBECONFIG = '' } = process.env
  process.env.KUBECONFIG = files.join(delimiter)
  return await work().finally(() => Object.assign(process.env, { KUBECONFIG }))
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

  it('that is a directory, or no YAML, is named with the reason, and nothing of its text', async () => {
    const directory = `cannot read \`${folder}\`: it is a directory (name a file in it)`
    assert.equal(await refusal({ kubeconfig: folder }), directory)
    assert.equal(await withKubeconfigs([kubeconfig(), folder], () => refusal({})), directory)
    const file = join(folder, 'broken')
    for (const [text, why] of [
      ['token: "hunter2', /^cannot read `\S+broken`: it is no kubeconfig: [^\n]+ \(give --kubeconfig FILE/],
      ['token: *hunter2', /an alias without an anchor/],
      ['{}', /^the kubeconfig has no current context: give --context NAME$/],
    ] as const) {
      writeFileSync(file, text)
      const message = await refusal({ kubeconfig: file })
      assert.match(message, why)
      assert.ok(!message.includes('hunter2'), message)
    }
  })

  for (const [what, cluster, user] of [
    ['certificate-authority', { 'certificate-authority': folder }, { token: 'x' }],
    ['client-certificate', {}, { 'client-certificate': folder, 'client-key': folder }],
    ['client-key', {}, { 'client-certificate': import.meta.filename, 'client-key': folder }],
  ] as const) {
    it(`whose ${what} is a directory says so, and asks no server`, async () => {
      const clusters = [{ name: 'plain', cluster: { server: 'https://127.0.0.1:1', ...cluster } }]
      const file = kubeconfig('files', { clusters, users: [{ name: 'token', user }] })
      const message = `${what} of the kubeconfig: cannot read \`${folder}\`: it is a directory (name a file in it)`
      assert.equal(await refusal({ kubeconfig: file }), message)
    })
  }

  it('of several files is that of the first current context, as with kubectl', async () => {
    const none = { clusters: [], users: [], contexts: [] }
    const files = [
      kubeconfig('without', { ...none, 'current-context': '' }),
      kubeconfig(),
      kubeconfig('other', { ...none, 'current-context': 'second' }),
    ]
    assert.equal((await withKubeconfigs(files, () => connectByKubeconfig({}))).namespace, 'shop')
  })
})
