/** Between the replicas and the API server, on its address: passes bytes on, refuses, or keeps silent. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { ADDRESS, PORT } from '../support/cluster/cluster.ts'

export interface ApiProxy {
  readonly url: string
  mode: 'pass' | 'refuse' | 'hang'
  /** Breaks all connections. */
  cut(): void
  close(): void
}

export async function openProxy(): Promise<ApiProxy> {
  const open = new Set<Socket>()
  let mode: ApiProxy['mode'] = 'pass'
  const server = createServer((client) => {
    if (mode === 'refuse') return void client.destroy()
    const upstream = connect({ host: ADDRESS, port: PORT })
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(from)
      from.on('error', () => {})
      from.on('data', (chunk) => mode === 'hang' || to.write(chunk))
      from.once('close', () => {
        open.delete(from)
        to.destroy()
      })
    }
  })
  await once(server.listen(0, ADDRESS), 'listening')
  const cut = (): void => {
    for (const socket of open) socket.destroy()
  }
  const { port } = server.address() as { port: number }
  return {
    url: `https://${ADDRESS}:${port}`,
    get mode() {
      return mode
    },
    set mode(next) {
      mode = next
      // A connection that hung lost bytes, and cannot go on.
      if (next !== 'hang') cut()
    },
    cut,
    close: () => {
      server.close()
      cut()
    },
  }
}
