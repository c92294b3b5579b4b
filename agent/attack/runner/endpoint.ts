/** An agent's HTTP endpoint. A connection per question: one kept alive may be closed just when it is used again. */
import { get } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { FRESH_MS } from '../../status-port/cached.ts'

export interface Endpoint {
  /** Whether /readyz says so; false also while no process listens. */
  ready(): Promise<boolean>
  /** Metrics as they are now, summed with their labels. @throws Error if there is none of a name */
  metric(...names: string[]): Promise<number>
  /** A label of `kernelseal_info`. */
  info(label: string): Promise<string | undefined>
}

export function endpointOn(port: number): Endpoint {
  let answered = Number.NEGATIVE_INFINITY
  const metrics = async () => {
    await delay(Math.max(0, answered + FRESH_MS - performance.now()))
    const { body } = await ask(port, '/metrics')
    answered = performance.now()
    return body.split('\n')
  }
  return {
    ready: async () => (await ask(port, '/readyz').catch(() => undefined))?.status === 200,
    metric: async (...names) => {
      const lines = await metrics()
      return names.reduce((total, name) => total + sum(name, lines), 0)
    },
    info: async (label) => labelOf(await metrics(), label),
  }
}

/** @throws Error of the connection */
function ask(port: number, path: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode, body }), reject)
    })
    request.once('error', reject)
  })
}

function sum(name: string, lines: readonly string[]): number {
  const samples = lines.filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
  if (samples.length === 0) throw new Error(`the agent has no metric \`${name}\``)
  return samples.reduce((total, line) => total + Number(line.split(' ').at(-1)), 0)
}

function labelOf(lines: readonly string[], label: string): string | undefined {
  const info = lines.find((line) => line.startsWith('kernelseal_info{')) ?? ''
  return new RegExp(`[{,]${label}="([^"]*)"`).exec(info)?.[1]
}
