/** A command, to its end. */
import { type SpawnSyncOptions, spawnSync } from 'node:child_process'

/** @returns its status, and its outputs as text */
export const run = (command: string, args: readonly string[], options: SpawnSyncOptions = {}) =>
  spawnSync(command, args, { ...options, encoding: 'utf8', maxBuffer: 1 << 26 })
