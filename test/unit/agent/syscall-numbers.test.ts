import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { type CallName, numberOf } from '../../../agent/linux/syscall-numbers.ts'

const HEADERS = {
  x64: '/usr/include/x86_64-linux-gnu/asm/unistd_64.h',
  arm64: '/usr/include/asm-generic/unistd.h',
}

for (const [arch, header] of Object.entries(HEADERS)) {
  describe(`the numbers of ${arch}`, { skip: !existsSync(header) && `there is no ${header}` }, () => {
    it("are those of the kernel's header", () => {
      // `__NR3264_`: calls that the generic header names otherwise for 32 bits.
      const known = readFileSync(header, 'utf8').matchAll(/^#define __NR(?:3264)?_(\w+) (\d+)$/gm)
      const compared = [...known].filter(([, name = '', number]) => {
        const ours = ourNumber(name, arch)
        if (ours !== undefined) assert.equal(ours, Number(number), name)
        return ours !== undefined
      })
      assert.ok(compared.length > 280, `only ${compared.length} compared`)
    })
  })
}

/** The header has names of other architectures, and its own for the last number. */
function ourNumber(name: string, arch: string): number | undefined {
  try {
    return numberOf(name as CallName, arch)
  } catch {
    return undefined
  }
}

it('an architecture without a table is refused', () => {
  assert.throws(() => numberOf('read', 'riscv64'), /no system call numbers for the architecture `riscv64`/)
})
