/**
 * Exits 0 when node_modules agrees with package-lock.json, for every version of npm; 1 when not. Compares the lock with
 * the record npm keeps of its last installation: a stamp of our own would not see an `npm install` done by hand.
 * Plain JavaScript: it has to run on a Node too old for the project.
 */
import { existsSync, readFileSync } from 'node:fs'

const RECORD = 'node_modules/.package-lock.json'
const wanted = packagesOf('package-lock.json')
const installed = existsSync(RECORD) ? packagesOf(RECORD) : {}
process.exit(Object.keys(wanted).every(isCurrent) && existsSync('node_modules/.bin/node') ? 0 : 1)

/** Optional packages may be missing: most are builds for other systems. */
function isCurrent(path) {
  if (path === '') return true
  const [want, have] = [wanted[path], installed[path]]
  if (!have) return want.optional === true
  return have.version === want.version && have.integrity === want.integrity
}

function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages
}
