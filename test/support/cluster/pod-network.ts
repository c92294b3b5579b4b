/** A network namespace per stand-in Pod, joined to the control plane's bridge as a CNI plugin would. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** These end with the tests, even if the tests are killed. */
const MORTAL = ['--pdeathsig', 'KILL', '--']

/** Addresses from 10.77.1.1 on; the API server's is 10.77.0.1. */
let addresses = 256

export interface Sandbox {
  readonly address: string
  /** Starts a program inside it, under its host name. */
  spawn(command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess
  /** The namespace goes with the last process in it. */
  close(): void
}

export async function makeSandbox(name: string): Promise<Sandbox> {
  addresses++
  const address = `10.77.${addresses >> 8}.${addresses & 255}`
  const link = `pod${addresses}`
  const script = 'hostname "$1" && echo ready && exec sleep infinity'
  const holder = spawn('setpriv', [...MORTAL, 'unshare', '--net', '--uts', 'sh', '-c', script, 'sh', name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  const enter = ['--target', `${holder.pid}`, '--net', '--uts', '--']
  await run('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `${holder.pid}`])
  await run('ip', ['link', 'set', link, 'master', 'pods', 'up'])
  for (const command of [
    'link set lo up',
    `address add ${address}/16 dev eth0`,
    'link set eth0 up',
    'route add default via 10.77.0.1',
  ]) {
    await run('nsenter', [...enter, 'ip', ...command.split(' ')])
  }
  return {
    address,
    spawn: (command, args, env) =>
      spawn('setpriv', [...MORTAL, 'nsenter', ...enter, command, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] }),
    close: () => void holder.kill('SIGKILL'),
  }
}
