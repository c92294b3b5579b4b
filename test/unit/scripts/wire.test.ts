/** scripts/lib/wire.ts on copies of the repository's objects, with faults planted in them. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { typesOf } from '../../../scripts/lib/btf.ts'
import { generated } from '../../../scripts/lib/wire.ts'
import { temporaryFolder } from '../temporary.ts'

const REPOSITORY = join(import.meta.dirname, '../../..')
const OBJECT = 'bpf/build/kernelseal.bpf.o'
const ENUMS = 'bpf/build/wire.o'
const FILE = 'agent/wire/generated.ts'

function copy(): string {
  const root = temporaryFolder('wire')
  for (const file of [OBJECT, ENUMS, FILE]) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    cpSync(join(REPOSITORY, file), join(root, file))
  }
  return root
}

const run = (root: string, ...options: string[]) =>
  spawnSync(process.execPath, ['scripts/lib/wire.ts', '--root', root, ...options], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  })

function change(root: string, file: string, edit: (bytes: Buffer) => Buffer): void {
  writeFileSync(join(root, file), edit(readFileSync(join(root, file))))
}

const replaced = (from: string, to: string) => (bytes: Buffer) => {
  assert.ok(bytes.includes(from), from)
  return Buffer.from(bytes.toString('latin1').replace(from, to), 'latin1')
}

/** The kind of the first type in the object's BTF. */
function withFirstKind(kind: number): (bytes: Buffer) => Buffer {
  return (bytes) => {
    const header = bytes.indexOf(Buffer.from([0x9f, 0xeb, 1, 0]))
    bytes[header + bytes.readUInt32LE(header + 4) + 7] = kind
    return bytes
  }
}

describe('the generated wire layer', () => {
  it('of the repository is that of the objects', () => {
    const { status, stderr } = run(REPOSITORY)
    assert.equal(status, 0, stderr)
  })

  it('is refused when an offset in it is wrong, with line and command, and mended by it', () => {
    const root = copy()
    change(root, FILE, replaced('switches: [4, 4]', 'switches: [8, 4]'))
    const { status, stderr } = run(root)
    assert.equal(status, 1)
    assert.match(
      stderr,
      /generated\.ts:\d+ is `switches: \[8, 4\],`, and bpf\/build has `switches: \[4, 4\],`: make -s/,
    )
    assert.equal(run(root, '--update').status, 0)
    assert.equal(run(root).status, 0)
    assert.equal(readFileSync(join(root, FILE), 'utf8'), readFileSync(join(REPOSITORY, FILE), 'utf8'))
  })

  it('is stale when a constant of the headers has another name', () => {
    const root = copy()
    change(root, ENUMS, replaced('KS_WAY_LIBRARY', 'KS_WAY_LIBERTY'))
    assert.match(run(root).stderr, /is `LIBRARY: 29,`, and bpf\/build has `LIBERTY: 29,`/)
  })

  it('is not made of objects that are missing, no objects, or without types of ours', () => {
    const root = copy()
    change(root, ENUMS, () => Buffer.from('text'))
    assert.match(run(root).stderr, /^error: `bpf\/build\/wire\.o`: it is no ELF file\n$/)
    const bare = temporaryFolder('wire')
    assert.match(run(bare).stderr, /^error: there is no `bpf\/build\/kernelseal\.bpf\.o`: make -s -C bpf\n$/)
    assert.throws(() => generated({ structs: [], enums: [] }), /has no `struct ks_…`/)
  })
})

describe('the reader of BTF', () => {
  const enums = (): Buffer => readFileSync(join(REPOSITORY, ENUMS))

  it('names a kind of type that it does not know', () => {
    assert.throws(
      () => typesOf(withFirstKind(31)(enums()), 'ks_'),
      /type 1 is of kind 31, which this reader does not know/,
    )
  })

  it('refuses an object whose section holds something else', () => {
    const header = enums().indexOf(Buffer.from([0x9f, 0xeb, 1, 0]))
    const broken = enums().fill(0, header, header + 4)
    assert.throws(() => typesOf(broken, 'ks_'), /the section `\.BTF` holds no BTF/)
    assert.throws(() => typesOf(replaced('.BTF\0', '.BTG\0')(enums()), 'ks_'), /it has no section `\.BTF`/)
  })

  it('refuses bit fields, whose place is not a number of bytes', () => {
    const object = readFileSync(join(REPOSITORY, OBJECT))
    assert.throws(() => typesOf(object, 'perf_event_attr'), /struct perf_event_attr: `exclude_user` is a bit field/)
  })
})
