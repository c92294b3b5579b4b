/** The agent's outputs beside its metrics: its log, the readers of its feed, the Pod's Kubernetes Events. */
import { Feed, feedPath } from '../events/feed.ts'
import { type Journal, openJournal } from '../events/journal.ts'
import { KubeEvents, RESULTS } from '../events/sinks/kube-event.ts'
import type { Log } from '../events/sinks/log.ts'
import { scrapedCounter, scrapedGauge } from '../events/sinks/on-scrape.ts'
import type { Output } from '../events/sinks/output.ts'
import { Counter, type Registry } from '../events/sinks/prometheus.ts'
import { ownPod } from '../kube/pod.ts'
import type { Session } from './session.ts'

export interface Observers {
  /** A line written here reaches all of them. */
  readonly log: Log
  /**
   * The scope is this agent's: readers may come, and metrics be asked for. An output that fails here is reported and
   * left out.
   */
  readonly stands: (session: Pick<Session, 'metrics' | 'notReady'>) => Promise<void>
  /** Writes the lines held back. Safe to call twice. */
  readonly close: () => Promise<void>
}

/** @param host as of `AgentConfig`: no process enters an agent's container, so a feed there would have no reader */
export function openObservers(host: boolean, scope: number, log: Log, output: Pick<Output, 'lost'>): Observers {
  const feed = host ? new Feed(scope) : undefined
  const kube = host ? undefined : kubeEvents(log)
  const journal = openJournal(
    kube ? [(line) => kube.write(line)] : [],
    feed ? [log.write, (line) => feed.write(line)] : [log.write],
    log.setLevel,
  )
  const stands: Observers['stands'] = async ({ metrics, notReady }) => {
    addMetrics(metrics.registry, notReady, { journal, output, feed, kube })
    await feed?.listen(feedPath(scope)).catch((error: Error) => {
      journal.say('warn', 'EVENT', `\`kernelseal events\` will show nothing: ${error.message}`)
    })
  }
  const close = async (): Promise<void> => {
    journal.close()
    feed?.close()
    await kube?.close()
  }
  return { log: journal, stands, close }
}

function kubeEvents(log: Log): KubeEvents | undefined {
  const pod = ownPod()
  if (typeof pod !== 'string') return new KubeEvents(pod, log)
  log.say('info', 'KUBE', `no Kubernetes Events: ${pod}`)
  return undefined
}

interface Watched {
  readonly journal: Pick<Journal, 'heldBack'>
  readonly output: Pick<Output, 'lost'>
  readonly feed: Pick<Feed, 'dropped'> | undefined
  readonly kube: Pick<KubeEvents, 'posted'> | undefined
}

/** The same names in a Pod and on a host: an output that is not there counts nothing. */
export function addMetrics(
  registry: Registry,
  notReady: Session['notReady'],
  { journal, output, feed, kube }: Watched,
): void {
  scrapedGauge(registry, 'kernelseal_ready', '1 while protection stands, as /readyz says', () => (notReady() ? 0 : 1))
  const held = 'Log lines held back as repeats of earlier ones; counted here one by one'
  scrapedCounter(registry, 'kernelseal_log_lines_held_back_total', held, journal.heldBack)
  const lost = 'Log lines that could not be written: a full disk, for example'
  scrapedCounter(registry, 'kernelseal_log_lines_lost_total', lost, output.lost)
  const dropped = 'Readers of the agent’s events dropped because they were too slow'
  scrapedCounter(registry, 'kernelseal_event_readers_dropped_total', dropped, () => feed?.dropped ?? 0)
  new Counter({
    name: 'kernelseal_kube_events_total',
    help: 'Kubernetes Events posted on the Pod, by result; failed ones are tried again, refused ones are not',
    labelNames: ['result'],
    registers: [registry],
    collect() {
      this.reset()
      for (const result of RESULTS) this.inc({ result }, kube?.posted[result] ?? 0)
    },
  })
}
