/** The webhook as deploy/base runs it: a process of its own, with those Node options. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { load } from 'js-yaml'

const ROOT = join(import.meta.dirname, '../..')

export interface Running {
  readonly child: ChildProcess
  readonly port: number
  readonly metricsPort: number
  readonly ca: string
  /** Resident memory now, MB (proc_pid_status(5)). */
  readonly resident: () => number
  readonly stop: () => Promise<void>
}

/** @param main another tree's `webhook/main.ts`, to compare with @param first shell text that its process runs before */
export async function startWebhook(main = join(ROOT, 'webhook/main.ts'), first = ''): Promise<Running> {
  const directory = mkdtempSync(join(tmpdir(), 'kernelseal-fire-'))
  const caOut = join(directory, 'ca.pem')
  const flags = ['--agent-image', 'a', '--host', '127.0.0.1', '--port', '0', '--metrics-port', '0', '--ca-out', caOut]
  const env = { ...process.env, ...shippedEnvironment() }
  const command = ['-c', `set -e\n${first}\nexec "$@"`, 'sh', process.execPath, main, ...flags]
  const child = spawn('sh', command, { stdio: ['ignore', 'pipe', 'inherit'], env })
  const lines = createInterface(child.stdout!)
  const [line] = await once(lines, 'line')
  lines.on('line', () => {})
  const { port, metricsPort } = JSON.parse(line)
  return {
    child,
    port,
    metricsPort,
    ca: readFileSync(caOut, 'utf8'),
    resident: () => Number(/VmRSS:\s+([0-9]+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM')
        await once(child, 'exit')
      }
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** The part of the Deployment's environment that is about the runtime and not about the webhook. */
export function shippedEnvironment(): Record<string, string> {
  const { spec } = load(readFileSync(join(ROOT, 'deploy/base/deployment.yaml'), 'utf8')) as Deployment
  const [container] = spec.template.spec.containers
  const own = container!.env.filter(({ name }) => !name.startsWith('KSEAL_'))
  return Object.fromEntries(own.map(({ name, value }) => [name, value ?? '']))
}

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: { readonly env: { name: string; value?: string }[] }[] }
    }
  }
}
