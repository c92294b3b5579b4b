/** Listening: every socket of the door, and hosts without IPv6. */
import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import type { Door } from './budget/door.ts'

/** Connections the kernel keeps that were not accepted yet, at most (listen(2), net.core.somaxconn); Node's 511 fill in one turn of its loop. */
const BACKLOG = 4096

/** @returns the port listened on, which the system chose when 0 was asked for */
export async function listenAt({ server, others }: Door, host: string, port: number): Promise<number> {
  const listen = (one: Server, at: string, on: number) =>
    once(one.listen({ host: at, port: on, backlog: BACKLOG, reusePort: true }), 'listening')
  await anyAddress(host, (address) => listen(server, address, port))
  const { address, port: chosen } = server.address() as AddressInfo
  for (const one of others) await listen(one, address, chosen)
  return chosen
}

export async function anyAddress<Listening>(
  host: string,
  listen: (host: string) => Promise<Listening>,
): Promise<Listening> {
  try {
    return await listen(host)
  } catch (error) {
    // A kernel without IPv6 has no `::`; every IPv4 address is then every address.
    if (host !== '::' || (error as NodeJS.ErrnoException).code !== 'EAFNOSUPPORT') throw error
    return listen('0.0.0.0')
  }
}
