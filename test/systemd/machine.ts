/** A machine that was set up as the README says, in the test VM, with systemd as process 1. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const REPOSITORY = join(import.meta.dirname, '../..')
const UNITS = '/etc/systemd/system'
/** Emulated, an agent starts in half a minute; the shipped unit's 60 s are for a real machine. */
const SECONDS = 300

export function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text, { mode: 0o600 })
}

/** The command, the config, and files beside it. */
export function install(config: string, files: Readonly<Record<string, string>>): void {
  symlinkSync(join(REPOSITORY, 'agent/kernelseal'), '/usr/bin/kernelseal')
  write('/etc/kernelseal/config.yaml', config)
  for (const [name, text] of Object.entries(files)) write(`/etc/kernelseal/${name}`, text)
}

/** And tells systemd. */
export function installUnit(unit: string, text: string): void {
  write(join(UNITS, unit), text)
  systemctl('daemon-reload')
}

/** As it is shipped, but for its patience. @param settings of the service that are others */
export function installShipped(unit: string, settings: Readonly<Record<string, string>>): void {
  // A list is emptied before it is set anew (systemd.service(5)).
  const lines = Object.entries(settings).flatMap(([key, value]) =>
    value ? [`${key}=`, `${key}=${value}`] : [`${key}=`],
  )
  write(join(UNITS, `${unit}.d/test.conf`), `[Service]\nTimeoutStartSec=${SECONDS}\n${lines.join('\n')}\n`)
  const shipped = readFileSync(join(REPOSITORY, 'deploy/systemd', unit), 'utf8')
  installUnit(unit, shipped.replace('--timeout 60', `--timeout ${SECONDS}`))
}

/** @throws with the output of systemd and the unit when it fails */
export function systemctl(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('systemctl', args, { encoding: 'utf8' })
  if (status === 0) return
  const told = spawnSync('systemctl', ['status', '--no-pager', ...args.slice(1)], { encoding: 'utf8' }).stdout
  assert.fail(`systemctl ${args.join(' ')}: ${stderr}\n${told}`)
}

/** 0: it does not run. */
export function mainPidOf(unit: string): number {
  return Number(spawnSync('systemctl', ['show', '--value', '--property=MainPID', unit], { encoding: 'utf8' }).stdout)
}
