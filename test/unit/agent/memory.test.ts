import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { cleanFileMappings, trimAfterStart } from '../../../agent/linux/memory.ts'

const fields = (changed: string, of: number): string =>
  [
    'Rss:                 100 kB',
    ...['Shared_Dirty', 'Private_Dirty', 'Anonymous', 'Swap', 'Locked'].map(
      (name) => `${`${name}:`.padEnd(16)}${String(name === changed ? of : 0).padStart(8)} kB`,
    ),
  ].join('\n')

const mapping = (protection: string, inode: number, path: string, changed = '', of = 0): string =>
  `00400000-00600000 ${protection} 00000000 fe:00 ${inode}    ${path}\n${fields(changed, of)}\n`

test('program text and constants are dropped', () => {
  const smaps = mapping('r-xp', 12, '/usr/bin/node') + mapping('r--p', 12, '/usr/bin/node')
  assert.deepEqual(cleanFileMappings(smaps), [
    { start: 0x400000n, end: 0x600000n },
    { start: 0x400000n, end: 0x600000n },
  ])
})

test('so is a file that was installed a moment ago, and is not on its disk yet', () => {
  assert.equal(cleanFileMappings(mapping('r-xp', 12, '/usr/bin/node', 'Private_Dirty', 100)).length, 1)
})

for (const [what, smaps] of [
  ['a relocated table', mapping('r--p', 12, '/usr/bin/node', 'Anonymous', 8)],
  ['one that was swapped out', mapping('r--p', 12, '/usr/bin/node', 'Swap', 8)],
  ['text with a breakpoint', mapping('r-xp', 12, '/usr/bin/node', 'Anonymous', 4)],
  ['a writable mapping', mapping('rw-p', 12, '/usr/bin/node')],
  ['a shared mapping', mapping('r--s', 12, '/dev/shm/x')],
  ['a mapping without a file', mapping('r-xp', 0, '[vdso]')],
  [
    'a mapping without details from the kernel',
    '00400000-00600000 r-xp 00000000 fe:00 12 /usr/bin/node\nRss: 100 kB\n',
  ],
] as const) {
  test(`${what} is left alone`, () => assert.deepEqual(cleanFileMappings(smaps), []))
}

test('a process is smaller afterwards, and goes on', () => {
  const mapped = (): number => Number(/^RssFile:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1])
  const before = mapped()
  trimAfterStart()
  assert.ok(mapped() < before / 2, `${mapped()} of ${before} kB`)
  assert.equal(JSON.parse('{"a":[1]}').a[0], 1)
})
