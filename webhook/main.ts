/** Runs the webhook as a process: settings, signals, exit status. */
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { ConfigError } from '../agent/policy/problems.ts'
import type { Log } from './server/server.ts'
import { helpText, loadSettings, type Settings } from './settings/load.ts'
import { startWebhook, type Webhook } from './start.ts'

async function publishCa({ caOut }: Settings, ca: string | undefined): Promise<void> {
  if (ca === undefined || caOut === '') return
  if (caOut === '-') process.stdout.write(ca)
  else await writeFile(caOut, ca)
}

async function main(): Promise<void> {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    process.stdout.write(helpText())
    return
  }
  const settings = loadSettings(process.argv.slice(2), process.env)
  const log = openLog(settings)
  const webhook = await startWebhook(settings, log)
  stopOnSignal(webhook, settings, log)
  await publishCa(settings, webhook.ca)
  log.info(
    { port: webhook.port, metricsPort: webhook.metricsPort, selfSigned: webhook.ca !== undefined },
    'webhook ready',
  )
}

/** Bytes that wait for a slow reader. */
const HELD = 1 << 20

/** A log that nothing waits for and no full disk ends: what cannot be held is lost, since Pods refused for a log would be worse. */
function openLog({ caOut, logLevel }: Settings): Log {
  // The CA may go to standard output; the log keeps out of its way then.
  const stream = caOut === '-' ? process.stderr : process.stdout
  stream.on('error', () => {})
  return pino({ level: logLevel }, { write: (line) => stream.writableLength < HELD && stream.write(line) })
}

/** Before readiness is announced, so that whoever reacts to it may already stop us. */
function stopOnSignal(webhook: Webhook, { drainSeconds }: Settings, log: Log): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, async () => {
      log.info({ signal, drainSeconds }, 'draining')
      await webhook.close()
      log.info({}, 'stopped')
    })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error: unknown) => {
    process.stderr.write(`kernelseal-webhook: ${error instanceof Error ? error.message : String(error)}\n`)
    // 2 for a setting someone has to correct, 1 for everything else.
    process.exit(error instanceof ConfigError ? 2 : 1)
  })
}
