/** `/metrics`, `/healthz` and `/readyz` of the agent, plain HTTP. */
import type { Log } from '../events/sinks/log.ts'
import { onceASecond } from '../status-port/cached.ts'
import { openStatusPort, type Page, type Pages, type StatusPort } from '../status-port/status-port.ts'
import type { Session } from './session.ts'

/** The facts of a session that are told. */
export type Told = Pick<Session, 'notReady' | 'metrics'>

export interface HealthOptions {
  /** '' for every address. */
  readonly host: string
  /** 0 lets the system choose, for tests. */
  readonly port: number
  /** Whether there are metrics. */
  readonly enabled: boolean
}

/** @throws where the port is taken */
export function listen({ host, port, enabled }: HealthOptions, session: Told): Promise<StatusPort> {
  return openStatusPort(host, port, pagesOf(session, enabled), session.metrics.portClosed)
}

function pagesOf({ notReady, metrics: { registry } }: Told, hasMetrics: boolean): Pages {
  const metrics = onceASecond(() => registry.metrics())
  return async (path): Promise<Page> => {
    switch (path) {
      case '/healthz':
        return { status: 200, body: 'ok\n' }
      case '/readyz': {
        const why = notReady()
        return why === undefined ? { status: 200, body: 'protection stands\n' } : { status: 503, body: `${why}\n` }
      }
      case '/metrics':
        if (!hasMetrics) return { status: 404, body: 'monitoring is switched off\n' }
        return { status: 200, body: await metrics(), type: registry.contentType }
      default:
        return { status: 404, body: 'try /metrics, /healthz or /readyz\n' }
    }
  }
}

export interface Health {
  /** Safe to call twice. */
  readonly close: () => void
}

/** Milliseconds between two attempts. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [1_000, 30_000]

/**
 * Listens once it can. Protection neither waits for it nor ends with it: in a Pod any container may hold the port, and would then
 * have kept the agent from starting.
 */
export function keepListening(options: HealthOptions, session: Told, log: Log): Health {
  let server: StatusPort | undefined
  let timer: NodeJS.Timeout | undefined
  let isOpen = true
  void attempt(FIRST_PAUSE)
  return {
    close: () => {
      isOpen = false
      clearTimeout(timer)
      server?.close()
    },
  }

  async function attempt(pause: number): Promise<void> {
    try {
      const found = await listen(options, session)
      if (isOpen) server = found
      else found.close()
      if (pause > FIRST_PAUSE) log.say('info', 'HEALTH', `port ${options.port} is free now: metrics can be read`)
    } catch (error) {
      if (!isOpen) return
      if (pause === FIRST_PAUSE) log.say('error', 'HEALTH', taken(options, error as NodeJS.ErrnoException))
      timer = setTimeout(() => void attempt(Math.min(pause * 2, LONGEST_PAUSE)), pause).unref()
    }
  }
}

function taken({ host, port }: HealthOptions, { code, message }: NodeJS.ErrnoException): string {
  const isTaken = code === 'EADDRINUSE'
  const place = `port ${port}${host === '' ? '' : ` of ${host}`}`
  const why = isTaken ? 'another process listens on it' : (code ?? message)
  const answers = isTaken
    ? 'its answers are not this agent’s, even where they say so; find it (`ss -ltnp`) and end it'
    : ''
  const ways = 'it is tried again, or choose another by --metrics-port (in a Pod: `kernelseal.io/metrics-port`)'
  return [`${place} cannot be listened on (${why}): protection stands, metrics cannot be read`, answers, ways]
    .filter(Boolean)
    .join('; ')
}
