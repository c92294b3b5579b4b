import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { functionsOf } from '../../../scripts/lib/bpf-functions.ts'
import { depthsOf, frameOf } from '../../../scripts/lib/stack-frames.ts'
import { temporaryFolder } from '../temporary.ts'

const folder = temporaryFolder('frames')

/** Every frame holds `bytes` that a helper fills, so that clang cannot do without them. */
const source = (bytes: number) => `
#define SEC(name) __attribute__((section(name), used))
static long (*probe_read)(void *to, unsigned size, const void *from) = (void *)113;
static long (*loop)(unsigned times, void *run, void *context, unsigned long flags) = (void *)181;
static __attribute__((noinline)) long leaf(void *from) { char at[${bytes}]; probe_read(at, sizeof(at), from); return at[3]; }
static __attribute__((noinline)) long middle(void *from) { char at[40]; probe_read(at, sizeof(at), from); return leaf(at + 1) + at[1]; }
static long turn(unsigned n, void *from) { return middle(from) + n; }
SEC("raw_tp/called") long called(void *from) { char at[100]; probe_read(at, sizeof(at), from); return middle(at); }
SEC("raw_tp/looped") long looped(void *from) { return loop(3, turn, from, 0); }
SEC("raw_tp/alone") long alone(void *from) { return 0; }
`

function depthsWith(bytes: number) {
  const path = join(folder, `${bytes}.o`)
  const clang = ['clang', 'clang-19', 'clang-18', 'clang-17', 'clang-16', 'clang-15', 'clang-14'].find(
    (name) => spawnSync(name, ['--version']).status === 0,
  )
  assert.ok(clang, 'the build needs clang too')
  const { stderr } = spawnSync(clang, ['-O2', '-target', 'bpf', '-c', '-x', 'c', '-', '-o', path], {
    input: source(bytes),
    encoding: 'utf8',
  })
  assert.equal(stderr, '')
  return new Map(depthsOf(functionsOf(readFileSync(path))).map((depth) => [depth.program, depth]))
}

describe('the depth of the stack', () => {
  it('is the sum along the deepest chain of calls, each frame rounded up to 32 bytes', () => {
    const { bytes, chain } = depthsWith(64).get('called')!
    assert.deepEqual(chain, ['called', 'middle', 'leaf'])
    assert.equal(bytes, 128 + 64 + 64)
  })

  it('has a callback that is handed to a helper in it', () => {
    const { bytes, chain } = depthsWith(64).get('looped')!
    assert.deepEqual(chain, ['looped', 'turn', 'middle', 'leaf'])
    assert.equal(bytes, 32 + 32 + 64 + 64)
  })

  it('is one grain for a program that uses none', () => {
    assert.equal(depthsWith(64).get('alone')?.bytes, 32)
  })

  it('is seen to be too much where no single frame is', () => {
    const depths = depthsWith(400)
    assert.ok(depths.get('called')!.bytes > 512)
    assert.ok(depths.get('alone')!.bytes <= 512)
  })
})

describe('a frame', () => {
  const instruction = (operation: number, to: number, from: number, offset: number, constant: number) => {
    const bytes = Buffer.from([operation, (from << 4) | to, 0, 0, 0, 0, 0, 0])
    bytes.writeInt16LE(offset, 2)
    bytes.writeInt32LE(constant, 4)
    return bytes
  }
  const exit = instruction(0x95, 0, 0, 0, 0)

  it('reaches down to the lowest byte that is stored, or pointed to by steps', () => {
    assert.equal(frameOf(Buffer.concat([instruction(0x7b, 10, 1, -24, 0), exit])), 24)
    const steps = [instruction(0xbf, 2, 10, 0, 0), instruction(0x07, 2, 0, 0, -64), instruction(0xbf, 3, 2, 0, 0)]
    assert.equal(frameOf(Buffer.concat([...steps, instruction(0x07, 3, 0, 0, -8), exit])), 72)
  })

  it('has nothing of a subtraction from another register', () => {
    assert.equal(frameOf(Buffer.concat([instruction(0xbf, 2, 1, 0, 0), instruction(0x07, 2, 0, 0, -378), exit])), 0)
  })

  it('has nothing of a register that a call has taken, or that another value is in', () => {
    const pointer = instruction(0xbf, 1, 10, 0, 0)
    const below = instruction(0x07, 1, 0, 0, -400)
    assert.equal(frameOf(Buffer.concat([pointer, instruction(0x85, 0, 0, 0, 5), below, exit])), 0)
    assert.equal(frameOf(Buffer.concat([pointer, instruction(0x79, 1, 6, 0, 0), below, exit])), 0)
  })
})
