/**
 * The agent's image, as a runtime has it: a layer with a file system of its own, which lies below the root of each container
 * of the image (overlayfs).
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const NODE = new URL('../../node_modules/node/bin/node', import.meta.url).pathname
const MAIN = new URL('../../agent/main.ts', import.meta.url).pathname
/** Files that lie beside the program: the number of its own is then none that a new file system begins with. */
const OTHER_FILES = 100
/** The Pod's PID namespace, as its containers see it. */
export const IN_POD = '/proc/1/ns/pid'

export interface AgentImage {
  /** The image's Node, as its containers see it. */
  readonly node: string
  /** Number of Node's file in the layer. */
  readonly number: number
  /**
   * A program that runs `command` and its own arguments as a container of the image, in the Pod that `init` is the first process of.
   * @param join options that bring the command into its PID namespace, as the container's mounts show it
   */
  readonly runtime: (init: number, command: string, join?: string) => string
  /** The same for the image's entrypoint (Dockerfile.agent). */
  readonly agent: (init: number) => string
}

/** To be made before the Pod, whose mounts are copies of the machine's. */
export function agentImage(): AgentImage {
  const layer = mkdtempSync('/run/kernelseal-image-')
  execFileSync('mount', ['-t', 'tmpfs', 'none', layer])
  for (let i = 0; i < OTHER_FILES; i++) writeFileSync(join(layer, `other-${i}`), '')
  const [node, entrypoint] = ['/kernelseal-node', '/kernelseal']
  copyFileSync(NODE, layer + node)
  executable(layer + entrypoint, `#!${node} --disable-sigusr1\nimport('${MAIN}')\n`)
  const runtime: AgentImage['runtime'] = (init, command, join = `nsenter --pid=${IN_POD} --`) =>
    runtimeFor(container(layer, join), init, command)
  return { node, number: statSync(layer + node).ino, runtime, agent: (init) => runtime(init, entrypoint) }
}

/** Among the Pod's mounts, since its /proc is there. umount2 (166) with MNT_DETACH: the tool looks for itself there, in vain. */
const container = (layer: string, join: string): string => `
mount -t overlay -o lowerdir=${layer}:/ none /mnt && cd /mnt || exit
for at in proc sys dev tmp run work; do mount --rbind /$at $at || exit; done
pivot_root . mnt && perl -e "syscall(166, shift, 2) and die" /mnt && exec ${join} "$@"`

function runtimeFor(script: string, init: number, command: string): string {
  const place = `nsenter --mount=/proc/${init}/ns/mnt unshare --mount --propagation private`
  const path = join(mkdtempSync(join(tmpdir(), 'kernelseal-runtime-')), 'runtime')
  return executable(path, `#!/bin/sh\nexec ${place} sh -c '${script}' sh ${command} "$@"\n`)
}

function executable(path: string, text: string): string {
  writeFileSync(path, text)
  chmodSync(path, 0o755)
  return path
}
