/** Completion for bash 4 and later, without the package bash-completion. */
import type { Completes, Option, Options, Words } from '../table.ts'
import { type Completed, functionName, inQuotes, type Program, spellings, withHelp } from './program.ts'

export function bashCompletion({ name, options, commands }: Program): string {
  const own = functionName(name)
  const names = commands.map((command) => command.name)
  // `=` parts words here: `--mode=enf` are three.
  return `# bash completion for ${name}. For this shell: source <(${name} completion bash)
${own}_offer() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current"); }
${own}() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]} word
  [[ $current == = ]] && current=
  [[ $before == = ]] && before=\${COMP_WORDS[COMP_CWORD - 2]}
  COMPREPLY=()
  case $command in
${commands.map((command) => caseOf(command, own)).join('')}  *)
${valuesOf(options, own)}    ((COMP_CWORD == 1)) && ${own}_offer ${inQuotes([...names, ...flags(options)].join(' '))} && return
    ${own}_offer ${inQuotes(flags(options).join(' '))} ;;
  esac
}
complete -F ${own} ${name}
`
}

function caseOf({ name, options, words, after }: Completed, own: string): string {
  const offered = inQuotes([...wordsOf(words), ...flags(options)].join(' '))
  // The first word is still being written.
  return `  ${name})
    ((COMP_CWORD == 1)) && COMPREPLY=(${name}) && return
${after ? AFTER_DASHES : ''}${valuesOf(options, own)}    ${own}_offer ${offered} ;;
`
}

/** After them the command line of another program begins. */
const AFTER_DASHES = `    for word in "\${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
      [[ $word == -- ]] && compopt -o default && return
    done
`

const flags = (options: Options): string[] => withHelp(options).flatMap(([name, option]) => spellings(name, option))
const wordsOf = (words: Words | undefined): readonly string[] =>
  typeof words?.completes === 'object' ? words.completes : []

function valuesOf(options: Options, own: string): string {
  const valued = Object.entries(options).filter(([, { value }]) => value !== undefined)
  if (valued.length === 0) return ''
  const lines = valued.map(([name, option]) => `    ${spellings(name, option).join(' | ')}) ${offer(option, own)} ;;\n`)
  return `    case $before in\n${lines.join('')}    esac\n`
}

function offer({ completes }: Option, own: string): string {
  if (typeof completes === 'object') return `${own}_offer ${inQuotes(completes.join(' '))} && return`
  const how: Readonly<Record<Exclude<Completes, readonly string[]>, string>> = {
    files: 'compopt -o default && return',
    directories: 'compopt -o dirnames && return',
    nothing: 'return',
  }
  return how[completes ?? 'nothing']
}
