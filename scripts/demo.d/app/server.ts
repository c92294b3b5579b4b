/**
 * The demo's application: an HTTP server that logs in to PostgreSQL. It knows nothing of KernelSeal: the password is
 * in an ordinary environment variable, which psql inherits.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'

const password = process.env.PGPASSWORD ?? ''
const digest = createHash('sha256').update(password).digest('hex').slice(0, 16)
console.log(`PGPASSWORD is set: ${password.length} characters, SHA-256 ${digest}…`)
const server = createServer((_request, response) => response.end(`${who()}\n`))
// Port 0: two Pods of the demo share the machine's network.
server.listen(0, '127.0.0.1', () => console.log(`login to PostgreSQL succeeded: ${who()}`))

// 5 of every 20 ms are work, as in a service under load: perf samples only the stacks of running tasks.
setInterval(() => {
  for (const end = Date.now() + 5; Date.now() < end; );
}, 20)

/** `psql` asks for the password only in `PGPASSWORD` (-w): a failed login ends the application. */
function who(): string {
  const query = "select current_user || ', PostgreSQL ' || current_setting('server_version')"
  return execFileSync('psql', ['-w', '-XAtc', query], { encoding: 'utf8' }).trim()
}
