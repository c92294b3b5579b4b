/** Attackers and their victims. An attacker meets a canary that runs as the application beside it would. */
import { type Identity, isIdentity } from './identity.ts'

/** `same-uid` is an ordinary user attacking a process of his own: without protection the kernel lets him do nearly everything. */
export type AttackerName = Identity | 'same-uid'

export interface Attacker {
  readonly name: AttackerName
  readonly identity: Identity
  /** Identity of the canary he attacks. */
  readonly victim: Identity
}

/** An application in a container that says nothing about its user. */
const CONTAINER_APPLICATION: Identity = 'container-root'
/** An application with a user of its own; 1000 is the first uid that distributions give to people (login.defs, UID_MIN). */
const USER_APPLICATION: Identity = 'uid:1000'

/** All of root's strengths, then a stranger (nobody), then the application's own user. */
export const EVERY_ATTACKER: readonly AttackerName[] = ['root', 'container-root', 'uid:0', 'uid:65534', 'same-uid']

export function attackerOf(name: AttackerName): Attacker {
  if (name === 'same-uid') return { name, identity: USER_APPLICATION, victim: USER_APPLICATION }
  return { name, identity: name, victim: CONTAINER_APPLICATION }
}

/** @throws RangeError for a text that names none */
export function parseAttacker(text: string): Attacker {
  if (text === 'same-uid' || isIdentity(text)) return attackerOf(text)
  throw new RangeError(`unknown attacker \`${text}\`: expected root, container-root, same-uid or uid:<number>`)
}

/** The attackers of the same canary, together. */
export function byVictim(attackers: readonly Attacker[]): Map<Identity, Attacker[]> {
  return Map.groupBy(attackers, ({ victim }) => victim)
}
