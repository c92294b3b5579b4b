/** Completion for fish. */
import type { Completes, Option, Options } from '../table.ts'
import { inQuotes, type Program, spellings, withHelp } from './program.ts'

export function fishCompletion({ name, options, commands }: Program): string {
  const names = commands.map((command) => command.name).join(' ')
  const none = `not __fish_seen_subcommand_from ${names}`
  const lines = [
    ...commands.map(({ name: word, summary }) => `-n ${inQuotes(none)} -a ${word} -d ${inQuotes(summary)}`),
    ...optionsOf(options, none),
    ...commands.flatMap(({ name: word, options: own, words, after }) => {
      const seen = `__fish_seen_subcommand_from ${word}`
      const listed = typeof words?.completes === 'object' ? words.completes.join(' ') : ''
      const files = after ? [`-n '${seen}; and contains -- -- (commandline -opc)' -F`] : []
      return [...files, ...(listed ? [`-n ${inQuotes(seen)} -a ${inQuotes(listed)}`] : []), ...optionsOf(own, seen)]
    }),
  ]
  return `# fish completion for ${name}. For this shell: ${name} completion fish | source
complete -c ${name} -f
${lines.map((line) => `complete -c ${name} ${line}\n`).join('')}`
}

function optionsOf(options: Options, when: string): string[] {
  return withHelp(options).map(([name, option]) => {
    const written = spellings(name, option).map((one) => (one.startsWith('--') ? `-l ${name}` : `-s ${one.slice(1)}`))
    return `-n ${inQuotes(when)} ${written.join(' ')} ${valued(option)}-d ${inQuotes(option.help)}`
  })
}

function valued({ value, completes }: Option): string {
  return value === undefined ? '' : `${how(completes)} `
}

function how(completes: Completes | undefined): string {
  if (typeof completes === 'object') return `-x -a ${inQuotes(completes.join(' '))}`
  if (completes === 'files') return '-r -F'
  return completes === 'directories' ? "-x -a '(__fish_complete_directories)'" : '-x'
}
