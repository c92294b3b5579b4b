/** Refusals of scripts/cluster and scripts/test-cluster before they start anything. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { it } from 'node:test'

const SCRIPTS = join(import.meta.dirname, '../../../scripts')

const REFUSED: readonly (readonly [command: string, says: RegExp])[] = [
  ['cluster', /which: up, run, status, env, logs, reboot or down/],
  ['cluster up --append', /`--append` needs a value/],
  ['cluster up --append lockdown=integrity', /`--kernel`, `--append` and `--image` go with `--node`/],
  ['cluster up --kernel 6.12', /`--kernel`, `--append` and `--image` go with `--node`/],
  ['cluster up --node --image none', /`--image none`: not NAME:TAG=FILE/],
  ['cluster down --node', /`--kubernetes` and `--node` go with `up`/],
  ['cluster run --name no/name -- true', /`--name no\/name`: letters, digits, dots and dashes only/],
  ['test-cluster --append lockdown=integrity', /`--kernel` and `--append` go with `--node`/],
  ['test-cluster --node --kernel', /`--kernel` needs a value/],
]

for (const [command, says] of REFUSED) {
  it(`${command}: exit status 2, and why`, () => {
    const [program, ...args] = command.split(' ')
    const { status, stderr, stdout } = spawnSync(join(SCRIPTS, program!), args, { encoding: 'utf8' })
    assert.equal(status, 2)
    assert.match(stderr, says)
    assert.equal(stdout, '')
  })
}
