/**
 * Fills Node's compile cache with the modules that run in the test machine: `NODE_COMPILE_CACHE=… node compile.ts`.
 * @throws with the module that does not compile; Node keeps those before it
 */
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const ROOT = join(import.meta.dirname, '../..')

/** Run, which has Node keep the functions too that they call on their way. */
const RUN = ['agent/cli/run.ts', 'agent/cli/attack.ts', 'agent/attack/runner/attacker.ts']
/** Only compiled: they are tests and programs. */
const COMPILED = [
  'agent/**/*.ts',
  'scripts/{test,test-kernels}.d/*.ts',
  'test/{bench,kernel,locked,matrix,stress,support,systemd}/**/*.ts',
]

for (const module of RUN) await import(join(ROOT, module))

const STOP = 'compiled'
const first = `data:text/javascript,throw ${encodeURIComponent(JSON.stringify(STOP))}`
const modules = globSync(COMPILED, { cwd: ROOT }).map((path) => pathToFileURL(join(ROOT, path)).href)
const source = [first, ...modules].map((url) => `import ${JSON.stringify(url)}`).join('\n')
// Modules are compiled before any of them runs, and the first to run ends it.
await import(`data:text/javascript,${encodeURIComponent(source)}`).catch((error: unknown) => {
  if (error !== STOP) throw error
})
