/** The nonce of a plain host: made once, shared by `kernelseal run` and `kernelseal env`, readable by root alone. */
import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where a plain host's agent keeps files for other processes of its user, root, as long as the machine runs. */
export const stateDirectory = (): string => process.env.KERNELSEAL_STATE_DIR ?? '/run/kernelseal'

/** 32 hex digits. The directory is a tmpfs on every systemd host, so the nonce lives as long as the boot. */
export function hostNonce(directory = stateDirectory()): string {
  const path = join(directory, 'nonce')
  try {
    return read(path) ?? create(directory, path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EACCES' && code !== 'EPERM') throw error
    throw new Error(
      `\`${path}\`, from which placeholders are made, is closed to this user (${code}): start this as root`,
    )
  }
}

function read(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim()
    return /^[0-9a-f]{32}$/.test(text) ? text : undefined
  } catch {
    return undefined
  }
}

/** Written aside and linked into place: of two starters one wins, and both read the winner's. */
function create(directory: string, path: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const aside = `${path}.${process.pid}`
  writeFileSync(aside, `${randomBytes(16).toString('hex')}\n`, { mode: 0o600 })
  try {
    linkSync(aside, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(aside)
  }
  const nonce = read(path)
  if (nonce === undefined) throw new Error(`\`${path}\` is damaged: remove it and start again`)
  return nonce
}
