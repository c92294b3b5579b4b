/** Every command of bpf(2), on every id and every pin; a map with a descriptor is read through. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { numberOf } from '../../../linux/syscall-numbers.ts'
import { valuesOf } from '../../attempts/bpf-call.ts'
import type { Family } from '../family.ts'
import { newPage, type Page, type Room } from '../room.ts'

/** Some more than there are (enum bpf_cmd). */
const COMMANDS = 48
/** Those of the decoys are small on a fresh machine, those of an agent come after them; gaps are ENOENT. */
const IDS = Array.from({ length: 160 }, (_, i) => i + 1)
const PINS = '/sys/fs/bpf'
const ATTRIBUTE = 128
const GET_FD_BY_ID = [13, 14, 19, 30] as const
const OBJ_GET = 7

export const bpfCommands: Family = {
  name: 'bpf commands',
  share: 1,
  steps: (room) => {
    const bench = newBench(room)
    const byId = Array.from({ length: COMMANDS }, (_, command) => ({
      label: `bpf ${command} by id`,
      run: () => IDS.forEach((id) => void bench.byId(command, id)),
    }))
    const byPin = pins(PINS).map((path) => ({ label: `pin ${path}`, run: () => bench.byPin(path) }))
    return [...byId, ...byPin]
  },
}

function newBench(room: Room) {
  const [attr, key, value] = [newPage(), newPage(), newPage()]
  const bpf = (command: number) => room.call(numberOf('bpf'), command, attr.address, ATTRIBUTE)
  const byId = (command: number, id: number) => {
    attr.bytes.fill(0)
    attr.bytes.writeUInt32LE(id, 0)
    const fd = bpf(command)
    room.look(attr.bytes, `bpf command ${command}`, `id ${id}`)
    if (!room.isNew(fd)) return
    onDescriptor(room, fd, `bpf command ${command}`, `id ${id}`)
    if (GET_FD_BY_ID.some((get) => get === command)) everyCommand(fd, id)
    room.close(fd)
  }
  /** map_fd, key, value: the form of the commands on elements. */
  const everyCommand = (fd: number, id: number) => {
    for (let command = 1; command < COMMANDS; command++) {
      if (CHANGING.has(command)) continue
      attr.bytes.fill(0)
      value.bytes.fill(0)
      fillElement(attr.bytes, fd, key, value)
      const result = bpf(command)
      room.look(value.bytes, `bpf command ${command}`, `a descriptor of id ${id}`)
      if (room.isNew(result) && result !== fd) room.close(result)
    }
  }
  const byPin = (path: string) => {
    const name = newPage()
    name.bytes.write(`${path}\0`)
    attr.bytes.fill(0)
    attr.bytes.writeBigUInt64LE(BigInt(name.address), 0)
    const fd = bpf(OBJ_GET)
    if (room.isNew(fd)) onDescriptor(room, fd, `bpf command ${OBJ_GET}`, path)
    room.close(fd)
  }
  return { byId, byPin }
}

/** They take an element away, or change or freeze a map that may be another's: after these there would be nothing to find. */
const CHANGING = new Set([2, 3, 21, 22, 26, 27])

function fillElement(attr: Buffer, fd: number, key: Page, value: Page): void {
  attr.writeUInt32LE(fd, 0)
  attr.writeBigUInt64LE(BigInt(key.address), 8)
  attr.writeBigUInt64LE(BigInt(value.address), 16)
}

function onDescriptor(room: Room, fd: number, way: string, how: string): void {
  try {
    for (const bytes of valuesOf(fd)) if (room.look(bytes, way, how)) return
  } catch {} // not a map, or refused: then it shows nothing this way
}

function pins(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    return entries.filter((entry) => !entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name))
  } catch {
    return []
  }
}
