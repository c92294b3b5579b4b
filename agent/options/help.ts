/** The help of a command, from its table. */
import type { Option, Options } from './table.ts'

/** As wide as most terminals and all code reviews show. */
const WIDTH = 100
/** A longer name has its help in the next line. */
const WIDEST_LABEL = 26

export const HELP_OPTION = { short: 'h', help: 'this text' } as const

/** One entry an option, `--help` last. */
export function optionLines(options: Options): string {
  const entries = Object.entries({ ...options, help: HELP_OPTION }).map(
    ([name, option]: [string, Option]) => [labelOf(name, option), sentenceOf(option)] as const,
  )
  const width = Math.min(WIDEST_LABEL, Math.max(...entries.map(([label]) => label.length)))
  return entries.map(([label, help]) => entry(label, help, width)).join('')
}

function labelOf(name: string, { short, value }: Option): string {
  const letter = short === undefined ? '' : `-${short}, `
  return `${letter}--${name}${value === undefined ? '' : ` ${value}`}`
}

function sentenceOf({ help, completes, multiple, default: otherwise }: Option): string {
  const about = [
    ...(typeof completes === 'object' ? [`one of ${completes.join(', ')}`] : []),
    ...(otherwise === undefined ? [] : [`default: ${otherwise}`]),
    ...(multiple ? ['repeatable'] : []),
  ]
  return about.length === 0 ? help : `${help} (${about.join('; ')})`
}

function entry(label: string, help: string, width: number): string {
  const indent = ' '.repeat(width + 4)
  const [first = '', ...rest] = wrapped(help, WIDTH - indent.length)
  const more = rest.map((line) => `${indent}${line}\n`).join('')
  if (label.length > width) return `  ${label}\n${indent}${first}\n${more}`
  return `  ${label.padEnd(width)}  ${first}\n${more}`
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${line} ${word}`
  }
  return lines
}
