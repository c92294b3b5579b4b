/**
 * `npm test`: the unit tests, the files of the webhook first. Those wait longest (for time-outs, timers and certificates), and `node --test`,
 * which goes by the alphabet, would have them at the end, where nothing else is left to run.
 *
 *     node scripts/test.d/unit.ts          exit status 1 when a test failed
 */
import { globSync } from 'node:fs'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

/** More than processors, since many files do little but wait. */
const FILES_AT_A_TIME = 8

const files = globSync('test/unit/**/*.test.ts').sort().reverse()

run({ files, concurrency: FILES_AT_A_TIME })
  .on('test:fail', () => {
    process.exitCode = 1
  })
  .compose(spec)
  .pipe(process.stdout)
