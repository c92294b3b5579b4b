/**
 * Attacks one process and prints the result:
 *
 *     node main.ts --pid P [--as IDENTITY] [--rows 1,2,3] [--agent-pid A] [--disruptive] [--json] < needle
 *
 * The needle comes on stdin, where no process list shows it. Exit status 1 if it leaked, 0 if not, 64 for a wrong usage.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Outcome, Target } from '../attempt.ts'
import { attempts, attemptsOfRows } from '../attempts/suite.ts'
import { attack } from './attacker.ts'
import { parseIdentity } from './identity.ts'
import { environmentOf } from './locate.ts'

/** sysexits.h */
const EX_USAGE = 64
/** A shorter needle would be found by chance. */
const MIN_NEEDLE = 8

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(`kernelseal attack: ${(error as Error).message}`)
  process.exitCode = EX_USAGE
}

async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      pid: { type: 'string' },
      as: { type: 'string', default: 'root' },
      rows: { type: 'string' },
      'agent-pid': { type: 'string' },
      disruptive: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  })
  const pid = positive('--pid', values.pid)
  const region = environmentOf(pid)
  const agentPid = values['agent-pid'] === undefined ? {} : { agentPid: positive('--agent-pid', values['agent-pid']) }
  const target: Target = {
    pid,
    needle: needle(),
    ...agentPid,
    ...(region && { region }),
    disruptive: values.disruptive,
  }
  const chosen =
    values.rows === undefined ? attempts : attemptsOfRows(values.rows.split(',').map((row) => positive('--rows', row)))
  const print = values.json ? printJson : printText
  const outcomes = await attack(
    target,
    parseIdentity(values.as),
    chosen.map(({ id }) => id),
    print,
  )
  return [...outcomes.values()].some(({ kind }) => kind === 'leaked') ? 1 : 0
}

function needle(): Buffer {
  const bytes = Buffer.from(readFileSync(0, 'latin1').trimEnd(), 'latin1')
  if (bytes.length < MIN_NEEDLE) throw new RangeError(`the needle on stdin is shorter than ${MIN_NEEDLE} bytes`)
  return bytes
}

function positive(option: string, text: string | undefined): number {
  if (text === undefined || !/^[1-9]\d{0,9}$/.test(text)) throw new RangeError(`\`${option}\` needs a positive number`)
  return Number(text)
}

function printJson(id: string, outcome: Outcome): void {
  console.log(JSON.stringify({ id, ...outcome }))
}

function printText(id: string, { kind, ...rest }: Outcome): void {
  console.log(`${id.padEnd(26)}  ${kind.padEnd(10)}  ${Object.values(rest).join(' ')}`)
}
