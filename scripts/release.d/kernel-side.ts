/**
 * `node kernel-side.ts`: exit status 1 when the kernel programs have changed since the last release and `KS_ABI` has not. An agent
 * adopts any pinned set of its own number, so a node would go on with the older programs, which know no newer switch.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const WIRE = 'bpf/lib/wire.h'
/** Programs are made of C alone. */
const SOURCES = ['bpf/*.c', 'bpf/*.h']

/** @returns the sentence that says so; undefined where all is well, or where there was no release */
export function unraised(root: string): string | undefined {
  const last = lastRelease(root)
  if (last === undefined) return undefined
  const { status } = spawnSync('git', ['diff', '--quiet', last, 'HEAD', '--', ...SOURCES], { cwd: root })
  const number = numberAt(root, 'HEAD')
  if (status === 0 || number !== numberAt(root, last)) return undefined
  return `bpf/ has changed since ${last}, and KS_ABI (${WIRE}) is ${number} as it was: raise it, or nodes keep the older programs`
}

/** The tag `v…` before this commit that is nearest; one of this commit itself is the release that is being made. */
function lastRelease(root: string): string | undefined {
  const args = ['describe', '--tags', '--abbrev=0', '--match', 'v[0-9]*', 'HEAD^']
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

function numberAt(root: string, commit: string): string {
  const text = execFileSync('git', ['show', `${commit}:${WIRE}`], { cwd: root, encoding: 'utf8' })
  const number = /KS_ABI = (\d+)/.exec(text)?.[1]
  if (number === undefined) throw new Error(`${commit}:${WIRE} has no KS_ABI`)
  return number
}

if (import.meta.main) {
  const sentence = unraised(fileURLToPath(new URL('../..', import.meta.url)))
  if (sentence !== undefined) console.error(`error: ${sentence}`)
  process.exitCode = sentence === undefined ? 0 : 1
}
