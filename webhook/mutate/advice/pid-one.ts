/** Process 1: in a shared PID namespace it is the pause container's, and the application has another number. */
import { quote } from '../../../agent/policy/text/suggest.ts'
import { mainContainers } from '../pod/containers.ts'
import type { Pod } from '../pod/pod.ts'
import { commandsBeside, ownCommand, shellText } from './commands.ts'

/** Programs that insist on being PID 1. */
const INIT_IMAGE = /(^|[/])(linuxserver\/|s6-overlay|systemd)|[-/]s6[:@-]|lscr\.io\//
const INIT_COMMAND =
  /^(\/init|\/sbin\/init|\/lib\/systemd\/systemd|\/usr\/lib\/systemd\/systemd|s6-svscan|\/package\/admin\/s6-overlay.*|(\S*\/)?(my_init|runit-init))$/

/** One sentence for each container that will probably not start in a shared PID namespace. */
export function warnAboutInit(pod: Pod): string[] {
  return mainContainers(pod)
    .filter(({ image, command }) => {
      const words: readonly unknown[] = Array.isArray(command) ? command : []
      if (typeof words[0] !== 'string') return typeof image === 'string' && INIT_IMAGE.test(image)
      const started = /^\s*exec\s+(\S+)/.exec(shellText(words.map(String)) ?? '')?.[1]
      return INIT_COMMAND.test(started ?? words[0])
    })
    .map(({ name }) => `container ${name}: its init wants to be PID 1, which it is not beside the agent`)
}

/** `kill -QUIT 1`, `/proc/1/fd/1` */
const TO_PID_ONE = /\bkill\s+(-\S+\s+){0,2}1(?![0-9])|\/proc\/1\/\S*/

export function warnAboutPidOne(pod: Pod): string[] {
  return mainContainers(pod).flatMap((container) => {
    const own = { where: 'the command', words: ownCommand(container) }
    const found = [own, ...commandsBeside(container)].flatMap(({ where, words }) => {
      const text = TO_PID_ONE.exec(words.join(' '))?.[0]
      return text === undefined ? [] : [`${where} of container ${container.name} has ${quote(text)}`]
    })
    return found.map((text) => `${text}, but PID 1 is the pause container's beside the agent`)
  })
}
