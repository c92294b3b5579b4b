/** The authority that the API server was given, and the certificate that it is shown. */
import { X509Certificate } from 'node:crypto'
import { CA_FROM, type Facts, type Replica, type WebhookEntry } from '../facts.ts'
import { type Finding, fail, type Line, linesOf, notKnown, ok, unknown, warn } from '../line.ts'
import { hasNoReplica, isAboutCertificate } from './webhook.ts'

const DAY = 24 * 60 * 60 * 1000
/** Both ways of having a certificate renew it long before (docs/operate). */
const SOON = 7 * DAY

export function certificateLines(facts: Facts): Line[] {
  const { configurations } = facts
  if ('refused' in configurations) return linesOf('certificate', [notKnown(configurations)], () => ok(''))
  const entries = entriesOf(facts)
  if (entries.length === 0)
    return linesOf('certificate', [unknown('not looked at: no configuration has one')], () => ok(''))
  const authorities = [...missingFaults(entries, facts), ...entries.flatMap((entry) => authorityFaults(entry, facts))]
  const faults = authorities.length > 0 ? authorities : servedFaults(facts)
  return linesOf('certificate', faults, () => summary(facts))
}

function entriesOf({ configurations }: Facts): readonly WebhookEntry[] {
  if ('refused' in configurations) return []
  const { mutating, validating, lastWord } = configurations.found
  return [mutating, validating, lastWord].flatMap((configuration) => configuration?.webhooks ?? [])
}

/** One line for all that have the same cure. While no replica is ready none can have published it, and the line `webhook` says why. */
function missingFaults(entries: readonly WebhookEntry[], facts: Facts): Finding[] {
  const cures = new Map<string, string[]>()
  for (const { name, clientConfig } of entries) {
    if (clientConfig.caBundle) continue
    const fix = annotation(name, facts) ?? cure(facts)
    cures.set(fix, [...(cures.get(fix) ?? []), name])
  }
  if (cures.size > 0 && isPublishedByReplicas(facts) && hasNoReplica(facts))
    return [unknown('there is no caBundle yet: the replicas publish it, and none is ready')]
  return [...cures].map(([fix, [name, ...more]]) => {
    const subject = more.length === 0 ? `\`${name}\` has` : `\`${name}\` and ${more.length} more have`
    return fail(`${subject} no caBundle: the API server trusts no one there`, fix)
  })
}

function authorityFaults({ name, clientConfig }: WebhookEntry, facts: Facts): Finding[] {
  if (!clientConfig.caBundle) return []
  const ends = endsOf(clientConfig.caBundle)
  if (ends === undefined) return [fail(`the caBundle of \`${name}\` is not a certificate`, cure(facts))]
  if (ends > facts.now) return []
  return [fail(`the caBundle of \`${name}\` has expired, on ${dayOf(ends)}`, cure(facts))]
}

/** @returns the end of the authority that lasts longest, Unix time in ms; undefined where the text is no certificate */
function endsOf(caBundle: string): number | undefined {
  const pem = Buffer.from(caBundle, 'base64').toString('utf8')
  const texts = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  try {
    return texts.length === 0
      ? undefined
      : Math.max(...texts.map((text) => Date.parse(new X509Certificate(text).validTo)))
  } catch {
    return undefined
  }
}

function servedFaults(facts: Facts): Finding[] {
  const { trial, now } = facts
  if (trial.outcome === 'failed' && isAboutCertificate(trial.words)) return [fail(sentenceOf(trial.words), cure(facts))]
  const replicas = replicasOf(facts)
  const untrusted = replicas.filter(({ metrics }) => metrics?.trusted === false)
  if (untrusted.length > 0)
    return untrusted.map(({ pod }) =>
      fail(`the caBundle does not fit the certificate of ${pod.metadata.name}`, cure(facts)),
    )
  const ends = endOf(replicas)
  if (ends !== undefined && ends < now) return [fail(`it has expired, on ${dayOf(ends)}`, cure(facts))]
  if (ends !== undefined && ends < now + SOON) {
    return [warn(`it expires on ${dayOf(ends)}, and should have been renewed`, cure(facts))]
  }
  return []
}

const replicasOf = ({ replicas }: Facts): readonly Replica[] => ('found' in replicas ? replicas.found : [])

function endOf(replicas: readonly Replica[]): number | undefined {
  const ends = replicas.flatMap(({ metrics }) => metrics?.expiry ?? [])
  return ends.length === 0 ? undefined : Math.min(...ends)
}

/** Go's crypto/x509, as the API server passes it on. */
function sentenceOf(words: string): string {
  const short = /x509: .*/s.exec(words)?.[0] ?? words
  if (/expired or is not yet valid/.test(words)) return `the API server finds it expired: ${short}`
  if (/unknown authority/.test(words)) return `the caBundle does not fit the certificate: ${short}`
  return `the API server does not trust it: ${short}`
}

/** Unlike the replicas, cert-manager knows a configuration by its annotation alone, and deploy/last-word has none. */
function annotation(entry: string, { configurations }: Facts): string | undefined {
  const { mutating, lastWord } = 'found' in configurations ? configurations.found : {}
  const from = mutating?.metadata.annotations?.[CA_FROM]
  if (from === undefined || !lastWord?.webhooks?.some(({ name }) => name === entry)) return undefined
  if (lastWord.metadata.annotations?.[CA_FROM]) return undefined
  return `kubectl annotate mutatingwebhookconfiguration ${lastWord.metadata.name} ${CA_FROM}=${from}`
}

/** Of cert-manager's configurations its ca-injector keeps it. */
const isPublishedByReplicas = ({ configurations }: Facts): boolean =>
  'found' in configurations && configurations.found.mutating?.metadata.annotations?.[CA_FROM] === undefined

function cure({ configurations, system }: Facts): string {
  const annotations = 'found' in configurations ? configurations.found.mutating?.metadata.annotations : undefined
  const from = annotations?.[CA_FROM]
  if (from === undefined)
    return `kubectl -n ${system} rollout restart deployment/kernelseal-webhook: the replicas publish it, within a minute`
  return `kubectl describe certificate -n ${from.replace('/', ' ')}; then the log of cert-manager's ca-injector`
}

function summary(facts: Facts): Finding {
  const { trial, now } = facts
  const replicas = replicasOf(facts)
  const isTrusted = trial.outcome === 'answered' || replicas.some(({ metrics }) => metrics?.trusted === true)
  if (!isTrusted) {
    const why = trial.outcome === 'unknown' ? trial.words : 'the webhook does not answer'
    return unknown(`whether the caBundle fits is not known: ${why}`, 'the right to create Pods in a labelled namespace')
  }
  const ends = endOf(replicas)
  return ok(ends === undefined ? 'caBundle fits' : `caBundle fits, expires in ${Math.floor((ends - now) / DAY)} d`)
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
