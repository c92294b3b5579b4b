/** Runs a program on a pseudo-terminal of its own (python3's pty), types, and keeps its output. */
import { spawnSync } from 'node:child_process'

export interface Shown {
  readonly output: string
  /** Exit status; 128 and more: the signal that ended it. */
  readonly status: number
  /** Whether the terminal echoes and takes whole lines, as it did before. */
  readonly restored: boolean
}

/** The program starts when the terminal has its size, 24 lines of 80, and once its state before is known. */
const DRIVER = `
import fcntl, json, os, pty, select, signal, struct, sys, termios, time
awaits, times, keys, signals, argv = json.loads(sys.argv[1])
started, start = os.pipe()
pid, terminal = pty.fork()
if pid == 0:
    os.read(started, 1)
    os.environ['TERM'] = 'xterm'
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))
    os.execv(argv[0], argv)
before = termios.tcgetattr(terminal)[3]
os.write(start, b'.')
output, done, end = b'', False, time.time() + 60
while time.time() < end:
    if select.select([terminal], [], [], 0.1)[0]:
        try: chunk = os.read(terminal, 65536)
        except OSError: break
        if not chunk: break
        output += chunk
    if not done and output.count(awaits.encode()) >= times:
        done = True
        if signals: os.kill(pid, signals)
        else: os.write(terminal, keys.encode())
after = termios.tcgetattr(terminal)[3]
ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) if done else -9
if not done: os.kill(pid, signal.SIGKILL)
print(json.dumps({'output': output.decode('utf8', 'replace'), 'status': ended, 'restored': before == after}))
`

/** Types `keys` or sends `signal` once the program has shown `awaits` so many times. */
export function onTerminal(
  argv: readonly string[],
  { awaits, times = 1, keys = '', signal = 0 }: { awaits: string; times?: number; keys?: string; signal?: number },
): Shown {
  const wanted = JSON.stringify([awaits, times, keys, signal, argv])
  const done = spawnSync('python3', ['-c', DRIVER, wanted], { encoding: 'utf8', timeout: 90_000 })
  if (done.status !== 0) throw new Error(`the terminal's driver ended with ${done.status}: ${done.stderr}`)
  return JSON.parse(done.stdout) as Shown
}
