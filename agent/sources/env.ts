/** A variable of the agent's own environment. */
import { SourceError } from './error.ts'

export function readEnv(name: string): Buffer {
  const value = process.env[name]
  if (value !== undefined) return Buffer.from(value)
  const hint = `start the agent with \`${name}\` set`
  throw new SourceError(`envRef \`${name}\``, 'the agent has no such variable', hint)
}
