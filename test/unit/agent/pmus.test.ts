import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { harmlessPmus, probePmus } from '../../../agent/node/pmus.ts'

function devices(types: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'kernelseal-pmus-'))
  for (const [name, type] of Object.entries(types)) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'type'), type)
  }
  return folder
}

test('sources that count are harmless by their number; probes, those that write a program’s course, and unknown ones are not', () => {
  const types = {
    cpu: '4\n',
    breakpoint: '5\n',
    kprobe: '6\n',
    uprobe: '8\n',
    uncore_imc_3: '77\n',
    intel_pt: '9\n',
    intel_bts: '10\n',
    brand_new: '11\n',
  }
  const folder = devices(types)
  assert.deepEqual(harmlessPmus(folder), [1 << 4, 0, 1 << 13, 0, 0, 0, 0, 0])
  assert.deepEqual(probePmus(folder), [(1 << 5) | (1 << 6) | (1 << 8), 0, 0, 0, 0, 0, 0, 0])
})

test('a number in the highest bit of a word stays a number of the kernel’s, and one beyond all words is left out', () => {
  assert.deepEqual(harmlessPmus(devices({ power: '31\n', msr: '256\n' })), [0x80000000, 0, 0, 0, 0, 0, 0, 0])
})

test('without sysfs no source but the built-in ones is harmless', () => {
  assert.deepEqual(harmlessPmus('/nonexistent'), [0, 0, 0, 0, 0, 0, 0, 0])
})
