import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { environmentText, writeEnvironmentFile } from '../../../agent/config/environment-file.ts'
import { temporaryFolder } from '../temporary.ts'

const folder = temporaryFolder('environment-file')
const path = join(folder, 'env')
const VARIABLES = [
  { name: 'A', placeholder: 'kernelseal:v1:a' },
  { name: 'B', placeholder: 'kernelseal:v1:b' },
]

it('has a line for each variable, takes the place of an earlier one, and is for its owner alone', () => {
  writeFileSync(path, 'OLD=1\n', { mode: 0o644 })
  writeEnvironmentFile(path, VARIABLES)
  assert.equal(readFileSync(path, 'utf8'), 'A=kernelseal:v1:a\nB=kernelseal:v1:b\n')
  assert.equal(environmentText(VARIABLES), readFileSync(path, 'utf8'))
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.deepEqual(readdirSync(folder), ['env'])
})
