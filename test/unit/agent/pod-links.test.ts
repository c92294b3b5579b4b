import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { linksIn } from '../../../agent/run/pod-links.ts'
import { temporaryFolder } from '../temporary.ts'

const folder = temporaryFolder('pod-links')
/** A container's root directory. */
function root(name: string, file: string, link?: string): string {
  const bin = join(folder, name, 'usr/bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, file), '')
  if (link !== undefined) symlinkSync(file, join(bin, link))
  return join(folder, name)
}
const DEBIAN = root('debian', 'redis-check-rdb', 'redis-server')
const ALPINE = root('alpine', 'redis-server')
const EMPTY = root('empty', 'app')
const BOUND = ['/usr/bin/redis-server', '/usr/bin/app']

it('a path that is a link wherever it is there is found, with the file behind it', () => {
  assert.deepEqual([...linksIn(BOUND, [EMPTY, DEBIAN])], [['/usr/bin/redis-server', '/usr/bin/redis-check-rdb']])
})

it('one that is a file in any container is none, and neither is one that is nowhere', () => {
  assert.deepEqual([...linksIn(BOUND, [DEBIAN, ALPINE])], [])
  assert.deepEqual([...linksIn([...BOUND, '/missing'], [EMPTY])], [])
  assert.deepEqual([...linksIn(BOUND, [])], [])
})
