import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { load } from '../../../bench/webhook/client.ts'
import { REVIEWS } from '../../../bench/webhook/reviews.ts'

const MAIN = join(import.meta.dirname, '../../../../webhook/main.ts')

it('large reviews on one kept connection, each sent as soon as the last was answered', {
  timeout: 60_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kernelseal-kept-'))
  const ca = join(folder, 'ca.pem')
  const flags = ['--agent-image', 'a', '--host', '127.0.0.1', '--port', '0', '--metrics-port', '0', '--ca-out', ca]
  const child = spawn(process.execPath, [MAIN, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [line] = await once(createInterface(child.stdout), 'line')
    const largest = Object.values(REVIEWS).at(-1)!
    const asked = (seconds: number) => load(JSON.parse(line).port, readFileSync(ca, 'utf8'), largest, 1, seconds)
    const late = sleep(50_000, undefined, { ref: false }).then(() => assert.fail('no answer within 50 s'))
    let { requests } = await Promise.race([asked(2), late])
    // A machine with much to do answers fewer in two seconds; it stopped after four in any time.
    if (requests <= 4) ({ requests } = await Promise.race([asked(20), late]))
    assert.ok(requests > 4, `${requests} requests in 20 s`)
  } finally {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  }
})
