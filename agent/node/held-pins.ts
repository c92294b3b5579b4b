/**
 * Descriptors of everything that is pinned, held by an agent: a pin that is lost meanwhile takes nothing with it, and is made again.
 * When the whole set is gone, `kernelseal unload` took it, and the descriptors are let go, so that it ends what it says it ends.
 */
import { closeSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { BpfError } from '../libbpf/error.ts'
import * as ffi from '../libbpf/ffi.ts'
import { pinTo } from '../libbpf/object.ts'

interface Held {
  readonly path: string
  readonly fd: number
  /** Of the pin's inode: something else under its name is not the pin. */
  readonly ino: number
}

export class HeldPins {
  readonly #directory: string
  #held: Held[]

  /**
   * Only once enrolled: maps with secrets open for an agent alone.
   * @throws BpfError when a pin cannot be opened
   */
  constructor(directory: string) {
    this.#directory = directory
    this.#held = []
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true }))
      if (!entry.isDirectory()) this.#held.push(open(join(entry.parentPath, entry.name)))
  }

  /** Whether the set is gone as a whole. */
  isUnloaded(): boolean {
    return !existsSync(this.#directory)
  }

  isWhole(): boolean {
    return this.#held.every(isThere)
  }

  /** Under the lock. @returns paths of the pins that were made again */
  repair(): string[] {
    const lost = this.#held.filter((pin) => !isThere(pin))
    for (const { path } of lost) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      rmSync(path, { force: true })
    }
    this.#held = this.#held.map((pin) => (lost.includes(pin) ? pinAgain(pin) : pin))
    return lost.map(({ path }) => path)
  }

  /** Safe to call twice. */
  close(): void {
    for (const { fd } of this.#held.splice(0)) closeSync(fd)
  }
}

function open(path: string): Held {
  const fd = ffi.openPin(path)
  if (fd < 0) throw new BpfError('bpf_obj_get', -fd, `open \`${path}\``)
  return { path, fd, ino: lstatSync(path).ino }
}

function isThere({ path, ino }: Held): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.ino === ino
}

function pinAgain({ path, fd }: Held): Held {
  pinTo(fd, path)
  return { path, fd, ino: lstatSync(path).ino }
}
