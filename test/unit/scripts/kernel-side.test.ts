/** A release whose kernel programs differ from the last one's has another number for them. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, it } from 'node:test'
import { unraised } from '../../../scripts/release.d/kernel-side.ts'
import { temporaryFolder } from '../temporary.ts'

let root = ''
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], { cwd: root, stdio: 'pipe' })

function commit(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  git('add', '.')
  git('commit', '-q', '-m', 'a commit')
}

const numbered = (number: number) => ({ 'bpf/lib/wire.h': `enum ks_version { KS_ABI = ${number} };\n` })

beforeEach(() => {
  root = temporaryFolder('kernel-side')
  git('init', '-q')
  commit({ ...numbered(2), 'bpf/guard/process/a.bpf.c': 'int a;\n' })
})

it('is not asked for before the first release', () => {
  commit({ 'bpf/guard/process/a.bpf.c': 'int b;\n' })
  assert.equal(unraised(root), undefined)
})

it('is asked for when a program in any folder has changed, and given by a higher number', () => {
  git('tag', 'v0.1.0')
  commit({ 'bpf/guard/process/a.bpf.c': 'int b;\n' })
  assert.match(
    unraised(root) ?? '',
    /^bpf\/ has changed since v0\.1\.0, and KS_ABI \(bpf\/lib\/wire\.h\) is 2 as it was/,
  )
  commit(numbered(3))
  assert.equal(unraised(root), undefined)
})

it('is not asked for where only words have changed', () => {
  git('tag', 'v0.1.0')
  commit({ 'bpf/README.md': 'more words\n', 'agent/main.ts': '// another\n' })
  assert.equal(unraised(root), undefined)
})

it('goes by the release before the one that is being made', () => {
  git('tag', 'v0.1.0')
  commit({ 'bpf/guard/process/a.bpf.c': 'int b;\n' })
  git('tag', 'v0.2.0')
  assert.match(unraised(root) ?? '', /since v0\.1\.0/)
})
