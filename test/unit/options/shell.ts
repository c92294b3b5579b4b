/** Shells with a completion script, on a pseudo-terminal: what a person types, and the words the program is then called with. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Shell } from '../../../agent/options/completion/program.ts'
import { onTerminal } from '../../support/terminal.ts'

interface Start {
  /** Loads the script at `path` and puts a function in the program's place. */
  readonly rc: (path: string, program: string) => string
  readonly file: string
  readonly argv: (directory: string) => readonly string[]
}

const POSIX = (program: string) => `${program}() { printf 'CALLED<%s>\\n' "$*"; }`

const STARTS: Readonly<Record<Shell, Start>> = {
  bash: {
    file: 'bashrc',
    rc: (path, program) => `PS1='READY> '\n${POSIX(program)}\nsource ${path}\n`,
    argv: (directory) => ['--rcfile', join(directory, 'bashrc'), '-i'],
  },
  zsh: {
    file: '.zshrc',
    rc: (path, program) =>
      `PROMPT='READY> '\nautoload -Uz compinit\ncompinit -u -D\n${POSIX(program)}\nsource ${path}\n`,
    argv: () => ['-d', '-i'],
  },
  fish: {
    file: 'config.fish',
    rc: (path, program) =>
      `function fish_prompt; echo -n 'READY> '; end\nfunction ${program}; printf 'CALLED<%s>\\n' "$argv"; end\nsource ${path}\n`,
    argv: (directory) => ['--no-config', '-C', `source ${join(directory, 'config.fish')}`, '-i'],
  },
}

/** Undefined where the shell is not installed. */
export function pathOf(shell: Shell): string | undefined {
  const { status, stdout } = spawnSync('sh', ['-c', `command -v ${shell}`], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

/** @param typed one line each, a tab where one is pressed @returns the words of each call, in order */
export function called(shell: Shell, program: string, script: string, typed: readonly string[], directory: string) {
  const { rc, file, argv } = STARTS[shell]
  const path = join(directory, `completion.${shell}`)
  writeFileSync(path, script)
  writeFileSync(join(directory, file), rc(path, program))
  const keys = [...typed, 'exit'].map((line) => `${line}\r`).join('')
  const env = [
    '/usr/bin/env',
    `HOME=${directory}`,
    `ZDOTDIR=${directory}`,
    `XDG_CONFIG_HOME=${directory}`,
    'LC_ALL=C.UTF-8',
  ]
  const command = ['/bin/sh', '-c', `cd ${directory} && exec "$0" "$@"`, pathOf(shell) ?? '', ...argv(directory)]
  const { output } = onTerminal([...env, ...command], { awaits: 'READY> ', keys })
  return { calls: [...output.matchAll(/^CALLED<(.*?) ?>\r?$/gm)].map(([, words = '']) => words), output }
}
