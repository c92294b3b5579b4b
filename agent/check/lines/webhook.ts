/** The webhook: installed, running, called, and of which version. */
import type { Facts, Known } from '../facts.ts'
import { counted, type Finding, fail, installOn, type Line, linesOf, notKnown, ok, REPAIR, warn } from '../line.ts'
import { isOld, skewOf, versionsOf } from '../versions.ts'

export function webhookLines(facts: Facts): Line[] {
  const { configurations, deployments } = facts
  if ('refused' in configurations) return linesOf('webhook', [notKnown(configurations)], () => ok(''))
  const { mutating, validating } = configurations.found
  if (mutating === undefined && validating === undefined && isNone(deployments)) {
    return linesOf('webhook', [fail('KernelSeal is not installed', installOn(facts.server))], () => ok(''))
  }
  const missing = [
    ...(mutating === undefined ? [lost('MutatingWebhookConfiguration', 'no Pod is sealed')] : []),
    ...(validating === undefined ? [lost('ValidatingWebhookConfiguration', 'agents are not guarded')] : []),
  ]
  const faults = [...missing, ...openings(facts), ...running(facts), ...called(facts), ...skewed(facts)]
  return linesOf('webhook', faults, () => summary(facts))
}

const isNone = (known: Known<readonly unknown[]>): boolean => 'found' in known && known.found.length === 0

const lost = (kind: string, so: string): Finding => fail(`there is no ${kind} \`kernelseal\`: ${so}`, REPAIR)

/** The guard has other entries, which may be left out on purpose. */
function openings({ configurations }: Facts): Finding[] {
  const entries = 'found' in configurations ? (configurations.found.mutating?.webhooks ?? []) : []
  return entries
    .filter(({ failurePolicy }) => failurePolicy === 'Ignore')
    .map(({ name }) => warn(`\`${name}\` has failurePolicy Ignore: while it is away, Pods start unsealed`, REPAIR))
}

function running({ deployments, system }: Facts): Finding[] {
  if ('refused' in deployments) return [notKnown(deployments)]
  if (deployments.found.length === 0)
    return [fail(`\`${system}\` has no Deployment with the label app.kubernetes.io/name=kernelseal-webhook`, REPAIR)]
  return deployments.found.flatMap(({ name, wanted, ready, updated }) => {
    const said = `${ready} of ${counted(wanted, 'replica')} of \`${system}/${name}\` ${ready === 1 ? 'is' : 'are'} ready`
    const look = `kubectl -n ${system} describe pods -l app.kubernetes.io/name=kernelseal-webhook`
    if (wanted === 0) return [fail(said, `kubectl -n ${system} scale deployment ${name} --replicas=2`)]
    if (ready === 0) return [fail(`${said}: Pods of labelled namespaces cannot start`, look)]
    if (ready < wanted) return [warn(said, look)]
    const stuck = `a rollout has not ended: ${updated} of ${counted(wanted, 'replica')} of the newest kind`
    return updated < wanted ? [warn(stuck, look)] : []
  })
}

/** Then none can be called, and another line has the cure. */
export const hasNoReplica = ({ deployments }: Facts): boolean =>
  'found' in deployments && deployments.found.length > 0 && deployments.found.every(({ ready }) => ready === 0)

/** Certificates have a line of their own. */
function called(facts: Facts): Finding[] {
  const { trial, system } = facts
  if (trial.outcome === 'ignored')
    return [fail(`a Pod of \`${trial.namespace}\` was not shown to it: the configuration leaves it out`, REPAIR)]
  if (trial.outcome !== 'failed' || isAboutCertificate(trial.words) || hasNoReplica(facts)) return []
  const look = `kubectl -n ${system} get endpoints kernelseal-webhook; the control plane has to reach port 8443 of its Pods`
  return [fail(`the API server cannot call it: ${trial.words}`, look)]
}

export const isAboutCertificate = (words: string): boolean => /x509:|certificate/.test(words)

function skewed(facts: Facts): Finding[] {
  const { webhook, agent } = versionsOf(facts)
  const found: Finding[] = []
  if (webhook.length > 1) {
    const fix = `kubectl -n ${facts.system} rollout status deployment/kernelseal-webhook`
    found.push(warn(`its replicas are of several versions: ${webhook.join(', ')}`, fix))
  }
  for (const version of new Set([...webhook, ...agent].filter((one) => one !== facts.version))) {
    const whose = webhook.includes(version) ? 'the webhook' : 'the agent of new Pods'
    const said = `${whose} is ${version}, this command ${facts.version}`
    const fix = `upgrade both (docs/upgrade.md), or use the command of ${version}`
    found.push(isOld(skewOf(version, facts.version)) ? fail(said, fix) : warn(said, fix))
  }
  return found
}

function summary(facts: Facts): Finding {
  const { deployments } = facts
  const [{ wanted = 0, ready = 0 } = {}] = 'found' in deployments ? deployments.found : []
  const { webhook } = versionsOf(facts)
  const version = webhook.length === 0 ? 'of unknown version' : `${webhook.join(', ')}, the same as this command`
  return ok(`${ready} of ${counted(wanted, 'replica')} ready, ${version}`)
}
