/**
 * Variables of the agent's own environment, each taken out of it when it is first read: the agent's children have
 * none.
 */
import { SourceError } from './error.ts'

/** @returns a reader that knows a variable's value again after it is gone from `env` */
export function openEnv(env: NodeJS.ProcessEnv = process.env): (name: string) => Buffer {
  const taken = new Map<string, Buffer>()
  return (name) => {
    const value = env[name]
    if (value !== undefined) {
      taken.set(name, Buffer.from(value))
      delete env[name]
    }
    const bytes = taken.get(name)
    if (bytes) return bytes
    const hint = `start the agent with \`${name}\` set`
    throw new SourceError(`envRef \`${name}\``, 'the agent has no such variable', hint)
  }
}
