/** Completion for zsh: a file `_NAME` of its function path, or a script to be sourced after `compinit`. */
import type { Completes, Option } from '../table.ts'
import { type Completed, functionName, inQuotes, type Program, spellings, withHelp } from './program.ts'

export function zshCompletion({ name, options, commands }: Program): string {
  const own = functionName(name)
  const described = commands.map((command) => inQuotes(`${command.name}:${command.summary.replaceAll(':', '\\:')}`))
  const cases = commands.map(
    (command) => `    ${command.name}) shift words; ((CURRENT--)); ${argumentsOf(command)} ;;\n`,
  )
  return `#compdef ${name}
# zsh completion for ${name}. For this shell: source <(${name} completion zsh)
${own}() {
  local -a commands=(${described.join(' ')})
  ((CURRENT == 2)) && [[ $words[2] != -* ]] && { _describe -t commands command commands; return }
  case $words[2] in
${cases.join('')}    *) ${argumentsOf({ options })} ;;
  esac
}
if [[ $funcstack[1] == ${own} ]]; then ${own} "$@"; else compdef ${own} ${name}; fi
`
}

function argumentsOf({ options, words, after }: Pick<Completed, 'options' | 'words' | 'after'>): string {
  const specs = withHelp(options).flatMap(([name, option]) => specsOf(name, option))
  const word = words && inQuotes(`1:${words.value}:${actionOf(words.completes)}`)
  // Only `--` ends our options here (-S).
  return ['_arguments -S', ...specs, ...(word ? [word] : []), ...(after ? ["'*:ARGUMENT:_files'"] : [])].join(' ')
}

function specsOf(name: string, option: Option): string[] {
  const all = spellings(name, option)
  const exclusive = option.multiple ? '*' : `(${all.join(' ')})`
  const value = option.value === undefined ? '' : `:${option.value}:${actionOf(option.completes)}`
  return all.map((spelling) => {
    const assigned = option.value !== undefined && spelling.startsWith('--') ? '=' : ''
    return inQuotes(`${exclusive}${spelling}${assigned}[${described(option.help)}]${value}`)
  })
}

const described = (help: string): string => help.replaceAll(/[[\]:\\]/g, '\\$&')

function actionOf(completes: Completes | undefined): string {
  if (typeof completes === 'object') return `(${completes.join(' ')})`
  if (completes === 'files') return '_files'
  return completes === 'directories' ? '_files -/' : ' '
}
