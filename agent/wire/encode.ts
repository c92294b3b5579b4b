/** Values → kernel bytes, by the tables in generated.ts. Little-endian: the architectures we build for are. */
import type { Fields, Struct } from './layout.ts'

type Value = number | bigint | Buffer
/** One value per field; fields that are not named are zero. */
export type ValuesOf<F extends Fields> = { readonly [K in keyof F]?: Value }

/** @throws Error when a value does not fit its field: nothing is truncated silently */
export function encode<F extends Fields>(struct: Struct<F>, values: ValuesOf<F>): Buffer {
  const bytes = Buffer.alloc(struct.size)
  for (const [name, value] of Object.entries(values)) {
    const field = struct.fields[name]
    if (!field || value === undefined) continue
    put(bytes, field[0], field[1], value as Value, `${struct.name}.${name}`)
  }
  return bytes
}

function put(bytes: Buffer, offset: number, width: number, value: Value, where: string): void {
  if (Buffer.isBuffer(value)) {
    if (value.length > width) throw new Error(`${where} holds ${width} bytes, got ${value.length}`)
    value.copy(bytes, offset)
  } else if (width === 8) {
    bytes.writeBigUInt64LE(BigInt(value), offset)
  } else {
    bytes.writeUInt32LE(Number(value), offset)
  }
}

/** @param value at most 2^32 - 1 */
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
