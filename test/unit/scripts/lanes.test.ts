/** scripts/test.d/lanes.sh, with stages that take no machine. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

const LANES = join(import.meta.dirname, '../../../scripts/test.d/lanes.sh')
const folder = mkdtempSync(join(tmpdir(), 'kernelseal-lanes-'))
after(() => rmSync(folder, { recursive: true }))

function start(script: string) {
  const child = spawn('bash', ['-c', `set -euo pipefail; . '${LANES}'; cd '${folder}'; ${script}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += String(chunk)
  })
  return { child, said: () => said }
}

describe('the lanes of scripts/test', () => {
  it('run every stage, two at a time, with its name before each line, and go on after one that fails', async () => {
    const stage = `run_stage() {
      mkdir "running-$1"; sleep 0.2; echo running-* | wc -w >>most; rmdir "running-$1"
      echo "ends"; [[ $1 != b ]]
    }`
    const { child, said } = start(`${stage}; in_lanes a b c d e; echo all`)
    const [status] = await once(child, 'close')
    assert.equal(status, 0)
    const lines = said().trim().split('\n')
    assert.equal(lines.at(-1), 'all')
    assert.deepEqual(
      lines.slice(0, -1).sort(),
      ['a', 'b', 'c', 'd', 'e'].map((name) => `${name} │ ends`),
    )
    const most = readFileSync(join(folder, 'most'), 'utf8').trim().split('\n').map(Number)
    assert.ok(Math.max(...most) === 2, `${most}`)
  })

  it('are stopped with all that their stages started', async () => {
    const stage = `run_stage() { sleep 1000 & echo "$!"; wait; }; trap 'stop_lanes; exit 143' TERM`
    const { child, said } = start(`${stage}; in_lanes a b`)
    while (said().split('\n').length < 3) await sleep(20)
    child.kill('SIGTERM')
    const [status] = await once(child, 'exit')
    assert.equal(status, 143)
    const sleepers = [...said().matchAll(/│ (\d+)/g)].map(([, pid]) => Number(pid))
    assert.equal(sleepers.length, 2)
    for (const pid of sleepers) await gone(pid)
  })
})

/** Its new parent, the machine's process 1, may take a while to notice its end. */
async function gone(pid: number): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(20)) {
    try {
      if (readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ')) return
    } catch {
      return
    }
  }
  assert.fail(`${pid} is still there`)
}
