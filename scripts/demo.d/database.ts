/**
 * The PostgreSQL that the demo's application logs in to. Its folder is made on the machine, without any password; the
 * server runs in the VM, outside the Pod, like any database that an application uses.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const VERSIONS = '/usr/lib/postgresql'
const program = (name: string): string => join(VERSIONS, readdirSync(VERSIONS).toSorted().at(-1)!, 'bin', name)

/** PostgreSQL refuses to run as root; Debian's package brings a user for it. */
export function makeDatabase(directory: string): void {
  const owner = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : undefined
  mkdirSync(directory)
  if (owner) chownSync(directory, owner.uid, owner.gid)
  const hosts = ['--auth-host=scram-sha-256', '--auth-local=trust', '--username=postgres']
  const args = ['--no-sync', '--no-locale', '--encoding=UTF8', ...hosts, '-D', directory]
  execFileSync(program('initdb'), args, { ...owner, stdio: ['ignore', 'ignore', 'inherit'] })
}

const idOf = (option: string): number => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }))

export interface Database {
  /** Makes the role anew: the old password is of no more use. */
  readonly setPassword: (role: string, password: string) => Promise<void>
  readonly stop: () => void
}

const SOCKETS = '/tmp'
const SCRATCH = '/run/demo-database'

/** @param directory made by `makeDatabase`, may be read-only */
export function startDatabase(directory: string): Database {
  const { uid, gid } = statSync(directory)
  const [upper, work, data] = ['upper', 'work', 'data'].map((name) => join(SCRATCH, name)) as [string, string, string]
  for (const path of [upper, work, data]) mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(SCRATCH, 0o711)
  chownSync(upper, uid, gid) // the merged folder takes its owner from this one
  execFileSync('mount', ['-t', 'overlay', '-o', `lowerdir=${directory},upperdir=${upper},workdir=${work}`, 'db', data])
  const args = ['-D', data, '-k', SOCKETS, '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off']
  const server = spawn(program('postgres'), args, { uid, gid, stdio: ['ignore', 'ignore', 'pipe'] })
  let complaints = ''
  server.stderr.on('data', (chunk) => {
    complaints += chunk
  })
  return {
    setPassword: async (role, password) => {
      await answering(server, () => complaints)
      const sql = `set client_min_messages = warning; drop role if exists ${role}; create role ${role} login password '${password}'`
      psql(sql)
    },
    stop: () => server.kill('SIGINT'),
  }
}

/** Emulated, the server needs some 3 s; on a busy machine ten times that. */
const START_SECONDS = 60

async function answering(server: ChildProcess, complaints: () => string): Promise<void> {
  for (const end = Date.now() + START_SECONDS * 1000; Date.now() < end; await sleep(200)) {
    if (server.exitCode !== null) break
    if (spawnSync(program('pg_isready'), ['-q', '-h', SOCKETS]).status === 0) return
  }
  throw new Error(`PostgreSQL did not start:\n${complaints()}`)
}

/** By standard input, where no process list shows the password. */
function psql(sql: string): void {
  const args = ['-q', '-X', '-v', 'ON_ERROR_STOP=1', '-h', SOCKETS, '-U', 'postgres']
  execFileSync(program('psql'), args, { input: sql, stdio: ['pipe', 'ignore', 'inherit'] })
}
