/** Runs the webhook as a process: settings, signals, exit status. */
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { ConfigError, UsageError } from '../agent/policy/text/problems.ts'
import { collectSeldom } from './budget/collect-seldom.ts'
import { commandOutput } from './commands.ts'
import { type Log, openLog } from './server/log.ts'
import { loadSettings, type Settings } from './settings/load.ts'
import { startWebhook, type Webhook } from './start.ts'

async function publishCa({ caOut }: Settings, ca: string | undefined): Promise<void> {
  if (ca === undefined || caOut === '') return
  if (caOut === '-') process.stdout.write(ca)
  else await writeFile(caOut, ca)
}

async function main(): Promise<void> {
  const args = process.argv.slice(2)
  const output = commandOutput(args)
  if (output !== undefined) return void process.stdout.write(output)
  const settings = loadSettings(args, process.env)
  collectSeldom()
  const { log, lostLines } = openLog(settings)
  const webhook = await startWebhook(settings, log, { lostLines })
  stopOnSignal(webhook, settings, log)
  await webhook.ready
  await publishCa(settings, webhook.ca)
  log.info(
    { port: webhook.port, metricsPort: webhook.metricsPort, selfSigned: webhook.ca !== undefined },
    'webhook ready',
  )
}

const LAST_WORDS_MS = 1_000

/** Before readiness is announced, so that a supervisor that reacts to it may already stop us. */
function stopOnSignal(webhook: Webhook, { drainSeconds }: Settings, log: Log): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, async () => {
      log.info({ signal, drainSeconds }, 'draining')
      await webhook.close()
      log.info({}, 'stopped')
      // A pending answer of the API server or a slow log holds the process for this long and no longer.
      setTimeout(() => process.exit(0), LAST_WORDS_MS).unref()
    })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error: unknown) => {
    process.stderr.write(`kernelseal-webhook: ${error instanceof Error ? error.message : String(error)}\n`)
    // 2 for a setting that has to be corrected, 1 for everything else.
    process.exit(error instanceof ConfigError || error instanceof UsageError ? 2 : 1)
  })
}
