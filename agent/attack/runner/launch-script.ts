/** The launcher as a shell script, for the steps a shell can do: a stop, a limit on cores, and the exec. */
import type { LaunchSpec } from './launch.ts'

export const SHELL = '/bin/sh'

/**
 * The environment comes on descriptor 3, one variable a line. A shell says neither whether an exec was refused nor why, so that
 * any failure ends with 99, which counts as no proof.
 */
export function scriptOf({ env, gate, coreLimit }: LaunchSpec): { script: string; input: string } {
  const lines = Object.entries(env).map(([name, value]) => `${name}=${value}\n`)
  const script = [
    "trap 'exit 99' EXIT",
    'unset KERNELSEAL_LAUNCHER',
    'while IFS= read -r pair <&3; do export "$pair"; done',
    'exec 3<&-',
    ...(coreLimit === undefined ? [] : [`ulimit -c ${Math.floor(coreLimit / BLOCK)}`]),
    ...(gate === 'stop' ? ['kill -STOP $$'] : []),
    'exec "$@"',
  ]
  return { script: script.join('\n'), input: lines.join('') }
}

/** The unit of `ulimit -c` (POSIX), in bytes. */
const BLOCK = 512
