/** `/metrics`, `/healthz` and `/readyz` of the agent, plain HTTP. */
import type { Server, ServerResponse } from 'node:http'
import { http } from '../kube/http.ts'
import type { Monitoring } from '../policy/types.ts'
import type { Session } from './session.ts'

/** Listens before the session stands, so that a probe meanwhile gets 503 and the reason, not a refused connection. */
export async function listen(
  port: number,
  { enabled }: Pick<Monitoring, 'enabled'>,
  session: () => Session | undefined,
): Promise<Server> {
  const server = http.createServer((request, response) => {
    answer(request.url ?? '/', response, session(), enabled).catch(() => response.destroy())
  })
  server.requestTimeout = 5_000
  // Prometheus, the kubelet and a few people: more, kept open, would take the agent's memory.
  server.maxConnections = 64
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, resolve)
  })
  return server
}

async function answer(
  url: string,
  response: ServerResponse,
  session: Session | undefined,
  hasMetrics: boolean,
): Promise<void> {
  const notReady = session ? session.notReady() : 'protection does not stand yet'
  switch (url.split('?')[0]) {
    case '/healthz':
      return send(response, 200, 'ok\n')
    case '/readyz':
      return notReady ? send(response, 503, `${notReady}\n`) : send(response, 200, 'protection stands\n')
    case '/metrics':
      if (!hasMetrics) return send(response, 404, 'monitoring is switched off\n')
      if (!session) return send(response, 503, `${notReady}\n`)
      return send(response, 200, await session.metrics.registry.metrics(), session.metrics.registry.contentType)
    default:
      return send(response, 404, 'try /metrics, /healthz or /readyz\n')
  }
}

function send(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type }).end(body)
}
