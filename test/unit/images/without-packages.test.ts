/** scripts/images in a fresh clone: it is the first command of ours that many run. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { temporaryFolder } from '../temporary.ts'

it('scripts/images without the npm packages names them, and installs no package of Debian before', () => {
  const clone = temporaryFolder('clone')
  cpSync(join(import.meta.dirname, '../../../scripts'), join(clone, 'scripts'), { recursive: true })
  const env = { ...process.env, KERNELSEAL_CACHE: join(clone, 'cache'), PATH: '/usr/bin:/bin' }
  const { status, stdout, stderr } = spawnSync(join(clone, 'scripts/images'), ['build'], { env, encoding: 'utf8' })
  assert.deepEqual([status, stdout], [2, ''])
  assert.equal(
    stderr,
    `error: the npm packages are not there: run \`npm install --no-save\` in ${clone}, or scripts/setup\n`,
  )
})
