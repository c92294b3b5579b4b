/** A start without its values, as a line: killed, or started without them. */
import type { LeftPlaceholder } from '../delivery/left-placeholders.ts'
import type { Binding } from '../policy/types.ts'
import { REASONS } from '../wire/constants.ts'
import type { FailEvent } from '../wire/event.ts'
import { bindingsIn } from './chosen.ts'
import type { Line } from './describe.ts'

export function failure(event: FailEvent, bindings: readonly Binding[]): Line {
  const { actor, file, reason, error, action } = event
  const names = bindingsIn(event.bindings, bindings).map(({ name }) => name)
  const of = names.map((name) => `\`${name}\``).join(', ')
  const fields = { event: 'fail', actor, file, reason, error, action, bindings: names }
  const alike = { what: `delivery ${action}, ${reason}`, who: `${file} ${names}` }
  const whose = `PID ${actor.pid} (${file})`
  if (reason === 'no-placeholder' && action === 'started') {
    // Daily work where an interpreter is bound: each of its other scripts starts so.
    const text = `${whose} started unsealed: it brought no placeholder of binding ${of}`
    return { level: 'info', tag: 'FAIL', text, fields, alike: { ...alike, passing: true } }
  }
  const why = REASONS.find(([label]) => label === reason)?.[1] ?? reason
  const number = error ? ` (errno ${-error})` : ''
  const what = action === 'killed' ? 'killed before it ran' : 'started with its placeholders'
  const text = `${whose} ${what}: ${why}${number}; binding ${of}`
  return { level: action === 'killed' ? 'error' : 'warn', tag: 'FAIL', text, fields, alike }
}

/** A placeholder that the kernel side does not know as one: it names the cause, which "no placeholder" does not. */
export function leftPlaceholder({ actor, file }: FailEvent, { variable, bytes, isCut }: LeftPlaceholder): Line {
  const why = isCut
    ? `was cut after ${bytes} bytes: the program that hands on its environment has a limit for a line (cron: 1,000 bytes); set a lower \`capacity\``
    : 'is of another configuration, or of before the machine started: take the one that `kernelseal env` prints now'
  const text = `PID ${actor.pid} (${file}): the placeholder in \`${variable}\` ${why}`
  const fields = { event: 'placeholder', actor, file, variable, bytes, cut: isCut }
  return {
    level: 'warn',
    tag: 'PLACEHOLDER',
    text,
    fields,
    alike: { what: 'left placeholder', who: `${file} ${variable}` },
  }
}
