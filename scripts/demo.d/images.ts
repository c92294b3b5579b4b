/** The demo's registry: the content of its Pods' images beside the machine's own root file system. */
import { join } from 'node:path'
import type { Image } from './pod/spec.ts'

const REPOSITORY = join(import.meta.dirname, '../..')
/**
 * In an image, where a release has it; its root is the file system of the machine, which has a mount of its own at
 * /work.
 */
const AGENT_HOME = REPOSITORY

/** The reference the webhook is told to use for the agent (--agent-image). */
export const AGENT_IMAGE = 'registry.example/kernelseal-agent:demo'

/** The attack suite is in every image: an attacker brings it along with `kubectl cp`. */
const SUITE = { [AGENT_HOME]: REPOSITORY }
const NODE = { '/usr/local/bin/node': join(REPOSITORY, 'node_modules/node/bin/node') }
/** Filled before the VM boots, see main.ts. */
const CACHE = { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '', NODE_COMPILE_CACHE_PORTABLE: '1' }

export const images: Readonly<Record<string, Image>> = {
  [AGENT_IMAGE]: { entrypoint: [join(AGENT_HOME, 'node_modules/.bin/kernelseal')], content: SUITE, env: CACHE },
  'registry.example/shop:1': { content: { '/app': join(import.meta.dirname, 'app'), ...NODE, ...SUITE }, env: CACHE },
  'registry.example/intruder:1': { content: { ...NODE, ...SUITE }, env: CACHE },
}
