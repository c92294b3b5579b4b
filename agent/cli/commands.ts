/** All commands, loaded only when asked for: most need neither FFI nor an HTTP server. */
import type { Command } from '../options/command.ts'

const COMMANDS = {
  run: async () => (await import('./run.ts')).run,
  exec: async () => (await import('./exec.ts')).exec,
  env: async () => (await import('./env.ts')).env,
  status: async () => (await import('./status.ts')).status,
  events: async () => (await import('./events.ts')).events,
  top: async () => (await import('./live/top.ts')).top,
  unload: async () => (await import('./unload.ts')).unload,
  doctor: async () => (await import('./doctor.ts')).doctor,
  inject: async () => (await import('./inject.ts')).inject,
  uninject: async () => (await import('./uninject.ts')).uninject,
  lint: async () => (await import('./lint.ts')).lint,
  check: async () => (await import('./check.ts')).check,
  explain: async () => (await import('./explain.ts')).explain,
  wait: async () => (await import('./wait.ts')).wait,
  sidecar: async () => (await import('./sidecar.ts')).sidecar,
  attack: async () => (await import('./attack.ts')).attack,
  bugtool: async () => (await import('./bugtool.ts')).bugtool,
  version: async () => (await import('./version.ts')).version,
  completion: async () => (await import('./completion.ts')).completion,
} as const satisfies Readonly<Record<string, () => Promise<Command>>>

type CommandName = keyof typeof COMMANDS
export const COMMAND_NAMES = Object.keys(COMMANDS) as CommandName[]

export const isCommand = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name)

export const loadCommand = (name: CommandName): Promise<Command> => COMMANDS[name]()

export const allCommands = (): Promise<Command[]> => Promise.all(COMMAND_NAMES.map(loadCommand))
