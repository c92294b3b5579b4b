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
    const asked = load(JSON.parse(line).port, readFileSync(ca, 'utf8'), largest, 1, 2)
    const late = sleep(30_000, undefined, { ref: false }).then(() => assert.fail('no answer within 30 s'))
    const { requests } = await Promise.race([asked, late])
    // It stopped after four.
    assert.ok(requests > 4, String(requests))
  } finally {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  }
})
