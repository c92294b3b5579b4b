/** Readers that try one way each on every process, and starters that start the bound program again and again. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, mkdtempSync, writeFileSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** They fill a machine, and an agent that starts meanwhile has to come up on it. */
const NICE = ['-n', '15']

export const BOUND = '/usr/bin/busybox'

/** A config that gives the bound program its `PASSWORD`. @param source as in `secretRefs`, for example `envRef: SOURCE` */
export const configFrom = (source: string): string => `
version: v1
policy: { mode: enforce }
secrets:
  - name: bound
    selector: { binary: ${BOUND} }
    secretRefs: [{ name: PASSWORD, source: { ${source} } }]
`

/** A source that is a file: an agent's own environment is readable until it is enrolled. */
export function fileSource(value: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'kernelseal-source-')), 'password')
  writeFileSync(path, value)
  return `fileRef: ${path}`
}

export interface Reads {
  readonly obtained: number
  readonly refused: number
  readonly leaked: number
}

export interface Reader {
  readonly way: string
  readonly stop: () => Promise<Reads>
}

/** @param way a function of reader.py */
export function startReader(way: string, needle: string): Reader {
  const program = join(import.meta.dirname, 'reader.py')
  const child = spawn('nice', [...NICE, '/usr/bin/python3', program, way], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.write(`${needle}\n`)
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const ended = once(child, 'close')
  const stop = async (): Promise<Reads> => {
    child.stdin.end()
    await ended
    const [obtained = -1, refused = -1, leaked = -1] = output.trim().split(' ').map(Number)
    return { obtained, refused, leaked }
  }
  return { way, stop }
}

export interface Starts {
  /** Starts that printed the value. */
  readonly delivered: number
  /** That were killed before they ran. */
  readonly killed: number
  /** That ran and printed something else: must be none. */
  readonly other: number
}

const ONE_START = `${BOUND} sh -c 'echo "=$PASSWORD"' || echo killed`

/** Starts the bound program `times` times by `starters` shells, each one after the other. */
export async function startMany(times: number, starters: number, placeholder: string, value: string): Promise<Starts> {
  const folder = await mkdtemp(join(tmpdir(), 'kernelseal-stress-'))
  const script = `for ((i = 0; i < ${Math.ceil(times / starters)}; i++)); do ${ONE_START}; done > $0 2>/dev/null`
  return count(await runStarters(starters, folder, script, placeholder), value)
}

/** The same until told to stop. */
export async function startUntil(
  starters: number,
  placeholder: string,
  value: string,
): Promise<{ stop: () => Promise<Starts> }> {
  const folder = await mkdtemp(join(tmpdir(), 'kernelseal-stress-'))
  const end = join(folder, 'end')
  const script = `while [[ ! -e ${end} ]]; do ${ONE_START}; done > $0 2>/dev/null`
  const running = runStarters(starters, folder, script, placeholder)
  const stop = async (): Promise<Starts> => {
    await writeFile(end, '')
    return count(await running, value)
  }
  return { stop }
}

/** @returns their outputs */
async function runStarters(starters: number, folder: string, script: string, placeholder: string): Promise<string[]> {
  const outputs = Array.from({ length: starters }, (_, i) => join(folder, String(i)))
  const env = { PATH: '/usr/bin', PASSWORD: placeholder }
  await Promise.all(
    outputs.map((out) => once(spawn('nice', [...NICE, '/bin/bash', '-c', script, out], { env }), 'close')),
  )
  return outputs
}

async function count(outputs: readonly string[], value: string): Promise<Starts> {
  let [delivered, killed, other] = [0, 0, 0]
  for (const out of outputs) {
    for await (const line of createInterface({ input: createReadStream(out, 'latin1') })) {
      if (line === `=${value}`) delivered++
      else if (line === 'killed') killed++
      else {
        other++
        console.log(`another output: ${JSON.stringify(line.slice(0, 100))}`)
      }
    }
  }
  return { delivered, killed, other }
}
