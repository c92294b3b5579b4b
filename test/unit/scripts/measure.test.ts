import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Figures, figuresOf } from '../../../scripts/measure.d/figures.ts'
import { functionsOfC, functionsOfTypeScript } from '../../../scripts/measure.d/functions.ts'
import { circlesOf } from '../../../scripts/measure.d/rooms.ts'
import { type Tree, treeAt, treeNow } from '../../../scripts/measure.d/tree.ts'

const MOST_FILES: Figures = {
  'a hook with a new way': 6,
  'a switch that the kernel enforces': 8,
  'an annotation': 8,
  'a local source': 9,
  'a remote source': 12,
}

describe('npm run measure', () => {
  it('counts the lines of functions with a name, and not those of others or of types', () => {
    const text = [
      'export function one(): void {\n  two()\n}',
      'const two = () =>\n  [1].map((n) => {\n    return n\n  })',
      'class Three {\n  method() {}\n  field = function () {\n  }\n}',
      'const four = { run() {\n  }, five: 5 }',
      'declare function six(): void',
    ]
    assert.deepEqual(functionsOfTypeScript('a.ts', text.join('\n')), [3, 4, 1, 2, 2])
  })

  it('refuses a file that it cannot read', () => {
    assert.throws(() => functionsOfTypeScript('a.ts', 'const ='), /^Error: a\.ts: /)
  })

  it('counts the lines of C functions, and not those of structures', () => {
    const text =
      'struct a {\n\tint b;\n};\n\nstatic int f(int a,\n\t     int b)\n{\n\treturn a;\n}\n\nSEC("x")\nint g(void)\n{\n}\n'
    assert.deepEqual(functionsOfC(text), [5, 3])
  })

  it('finds circles of rooms, and the imports within them', () => {
    const arrows = { a: ['b'], b: ['c'], c: ['b', 'd'], d: [] }
    const found = circlesOf(new Map(Object.entries(arrows).map(([room, others]) => [room, new Set(others)])))
    assert.deepEqual(found, { circles: [['b', 'c']], arrowsBackUp: 2 })
  })

  it('measures a commit as well', () => {
    assert.ok(treeAt('HEAD').has('README.md'))
    assert.throws(() => treeAt('no-such-commit'))
  })
})

describe('the code', () => {
  const tree = treeNow()
  const figures = figuresOf(tree)

  it('has no circle, and no import that runs back up', () => {
    assert.equal(figures['circles between rooms'], 0)
    assert.equal(figures['imports that run back up'], 0)
    // Files of more than one room: the zeros are not those of an empty tree.
    assert.ok(Number(figures['rooms of agent and webhook']) > 20)
  })

  it('has at most 24 files in a folder', () => {
    const folders = Map.groupBy(
      [...tree.keys()].filter((file) => /^(?:agent|webhook|bpf|scripts|test)\//.test(file)),
      (file) => file.slice(0, file.lastIndexOf('/')),
    )
    assert.deepEqual(
      [...folders].flatMap(([folder, files]) => (files.length > 24 ? [`${folder}: ${files.length}`] : [])),
      [],
    )
  })

  it('asks for few files for a hook, a switch, an annotation or a source, by guides that name real ones', () => {
    for (const [thing, most] of Object.entries(MOST_FILES)) {
      const count = Number(figures[`files to touch for ${thing}`])
      assert.ok(count > 0 && count <= Number(most), `${thing}: ${count}`)
    }
    assert.deepEqual(
      filesOfGuides(tree).filter((file) => !file.includes('<') && !tree.has(file)),
      [],
    )
  })
})

function filesOfGuides(tree: Tree): string[] {
  const guides = [...tree].filter(([file]) => file.startsWith('docs/contribute/'))
  const lists = guides.flatMap(([, text]) => text.match(/^Files for [^:]+:.+?(?=\n\n)/gms) ?? [])
  return lists.flatMap((list) => [...list.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file))
}
