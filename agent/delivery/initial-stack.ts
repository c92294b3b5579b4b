/**
 * The initial stack of a program, rebuilt with more variables: pure. Its layout is the ABI's and the same on x86-64 and arm64
 * (fs/binfmt_elf.c, create_elf_tables): argc, argv…, 0, envp…, 0, auxv pairs up to AT_NULL; strings lie above.
 */

const WORD = 8
/** Both ABIs want the stack pointer aligned to 16 bytes at the entry. */
const ALIGNMENT = 16n

export interface InitialStack {
  /** Where the stack pointer is. */
  readonly sp: bigint
  /** Memory from there on: at least up to the end of auxv. */
  readonly bytes: Buffer
}

export interface Rebuilt {
  /** Where the stack pointer has to be; `bytes` go there. */
  readonly sp: bigint
  readonly bytes: Buffer
}

/**
 * The block to write below the old one: new strings right beneath it, and beneath those a copy of the vectors in which the new
 * variables come first and take the place of any of the same name.
 * @param nameOf the string at an address, up to its `=`
 * @throws Error when the memory does not hold an initial stack
 */
export function rebuildStack(
  stack: InitialStack,
  variables: ReadonlyMap<string, Buffer>,
  nameOf: (address: bigint) => string,
): Rebuilt {
  const { argv, envp, auxv } = vectorsOf(stack.bytes)
  const strings = [...variables].map(([name, value]) =>
    Buffer.concat([Buffer.from(`${name}=`), value, Buffer.alloc(1)]),
  )
  const text = Buffer.concat(strings)
  const textAt = stack.sp - BigInt(text.length)
  let at = textAt
  const added = strings.map((string) => {
    const address = at
    at += BigInt(string.length)
    return address
  })
  const kept = envp.filter((address) => !variables.has(nameOf(address)))
  const words = [BigInt(argv.length), ...argv, 0n, ...added, ...kept, 0n, ...auxv]
  const sp = (textAt - BigInt(words.length * WORD)) & ~(ALIGNMENT - 1n)
  const bytes = Buffer.alloc(Number(stack.sp - sp))
  words.forEach((word, i) => {
    bytes.writeBigUInt64LE(word, i * WORD)
  })
  text.copy(bytes, Number(textAt - sp))
  return { sp, bytes }
}

interface Vectors {
  readonly argv: readonly bigint[]
  readonly envp: readonly bigint[]
  /** Keys and values, AT_NULL and its value included. */
  readonly auxv: readonly bigint[]
}

function vectorsOf(bytes: Buffer): Vectors {
  const word = (i: number): bigint => {
    if ((i + 1) * WORD > bytes.length) throw new Error('the initial stack is longer than what was read of it')
    return bytes.readBigUInt64LE(i * WORD)
  }
  const upToZero = (from: number): bigint[] => {
    const words: bigint[] = []
    for (let i = from; word(i) !== 0n; i++) words.push(word(i))
    return words
  }
  const argv = upToZero(1)
  if (BigInt(argv.length) !== word(0)) throw new Error(`argc is ${word(0)}, but argv has ${argv.length} entries`)
  const envp = upToZero(1 + argv.length + 1)
  const auxv: bigint[] = []
  for (let i = 1 + argv.length + 1 + envp.length + 1; ; i += 2) {
    auxv.push(word(i), word(i + 1))
    if (word(i) === 0n) return { argv, envp, auxv }
  }
}
