/** A file that has the number of the agent's program, on a file system of the same kind, makes no process the agent. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { admitted } from '../../support/admitted.ts'
import { agentImage } from '../../support/agent-image.ts'
import { type Agent, eventually, kernelseal, startAgent } from '../../support/agent-under-test.ts'
import { type PidNamespace, pidNamespace } from '../../support/pid-namespace.ts'

const ROOT = '/sys/fs/bpf/kernelseal'
const SECRET = 'not-for-an-impostor-c3'
const BINDINGS = `
- name: printer
  selector: { binary: /usr/bin/printenv, container: app }
  secretRefs: [{ name: TOKEN, source: { envRef: SOURCE } }]
`
/** For work that takes milliseconds natively: an emulated machine does it beside others. */
const LONGEST_MS = 120_000

/**
 * Enrols as the agent, and opens the map of all values: BPF_OBJ_GET of a pin, BPF_PROG_TEST_RUN of the program
 * (include/uapi/linux/bpf.h). Arguments: the folder of the pins, the scope's number.
 */
const ENROL = `my ($pins, $scope) = @ARGV;
sub pinned { my $path = "$pins/$_[0]"; my $attr = pack("pLL", $path, 0, 0); syscall(321, 7, $attr, length $attr) }
my $program = pinned("programs/agent_enroll");
$program < 0 and print("closed") and exit;
my $context = pack("Q12", $scope, (0) x 11);
my $run = pack("LlLLQQLLLLQQLLLL", $program, (0) x 7, length $context, 0, unpack("Q", pack("P", $context)), (0) x 5);
syscall(321, 10, $run, length $run) and print("not run: $!") and exit;
my $refused = unpack("x4 l", $run) and print("refused") and exit;
print "enrolled", pinned("maps/secret_values") < 0 ? "" : ", and has the values"`
const BECAME = 'enrolled, and has the values'

/** Creates a file until it has the number that is wanted: a tmpfs counts them up (mm/shmem.c, shmem_reserve_inode). */
const NUMBERED = `my ($path, $wanted) = @ARGV;
for (;;) { open F, ">", $path or die; my $is = (stat F)[1]; die "past it" if $is > $wanted; exit if $is == $wanted; unlink $path }`

/** Perl in a file of that number, as an overlay of the attacker's own shows it. */
const FORGE = `mount -t tmpfs none /media && /usr/bin/perl -e "$NUMBERED" /media/forged $NUMBER &&
cat /usr/bin/perl >/media/forged && chmod 755 /media/forged && mount -t overlay -o lowerdir=/media:/ none /mnt &&
stat -c %i /mnt/forged && stat -f -c %T /mnt/forged &&`

/** execve (59) of a file that is no program, and then of the forged one. */
const FAIL_FIRST = `sub run { my @words = @_; my $none = pack("Q", 0); my $pointers = pack("p" . @words, @words) . $none;
  syscall(59, $words[0], $pointers, $none) } run("/media/broken"); run("/mnt/forged", "-e", "sleep 600")`

let space: PidNamespace
let agent: string
/** Of the agent's program in its container: its file's number, and the kind of file system. */
let shown: string
let env: NodeJS.ProcessEnv

const annotations = admitted(BINDINGS)
const start = (): Promise<Agent> => startAgent({ annotations, env: { SOURCE: SECRET }, program: agent })
const childOf = (pid: number): Promise<number> =>
  eventually(
    'the child',
    () => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim()) || undefined,
    LONGEST_MS,
  )

const mounts = ['--mount', '--propagation', 'private']
const join = (): string => `nsenter --pid=/proc/${space.init}/ns/pid`
/** Outside of the Pod, in mounts of its own. */
const outside = (script: string) =>
  spawnSync('unshare', [...mounts, 'sh', '-c', script], { env, encoding: 'latin1', timeout: LONGEST_MS })
const asContainer = (script: string) => {
  const command = [...mounts, ...join().split(' '), 'sh', '-c', script]
  return spawnSync('unshare', command, { env, encoding: 'latin1', timeout: LONGEST_MS })
}
const enrol = (program: string): string => {
  const set = readdirSync(ROOT).find((name) => /^v\d+$/.test(name))
  const scope = /\d+/.exec(readlinkSync(`/proc/${space.init}/ns/pid`))
  return `exec ${program} -e "$ENROL" ${ROOT}/${set} ${scope}`
}

before(async () => {
  const image = agentImage()
  space = await pidNamespace()
  env = { PATH: process.env.PATH, ENROL, NUMBERED, FAIL_FIRST, NUMBER: String(image.number) }
  agent = image.agent(space.init)
  const look = image.runtime(space.init, `sh -c "stat -c %i ${image.node}; stat -f -c %T ${image.node}"`)
  shown = spawnSync(look, { encoding: 'latin1' }).stdout
  const first = await childOf((await start()).pid)
  process.kill(first, 'SIGKILL')
  await eventually('its end', () => !existsSync(`/proc/${first}`), LONGEST_MS)
})
let child: ChildProcess | undefined
after(async () => {
  child?.kill('SIGKILL')
  await space.end()
  kernelseal(['unload', '--force'])
})

test('outside of the Pod, where root may become its agent, the attempt works', () => {
  const { stdout, stderr } = outside(enrol('perl'))
  assert.equal(stdout, BECAME, stderr)
  assert.equal(asContainer(enrol('perl')).stdout, 'closed')
})

test('an entrypoint that execs a file with the number of the agent’s does not become the agent', () => {
  const { stdout, stderr } = asContainer(FORGE + enrol('/mnt/forged'))
  assert.equal(stdout, `${shown}closed`, stderr)
})

test('nor does one that is started from such a file, on a mount of somebody else’s', () => {
  const { stdout, stderr } = outside(FORGE + enrol(`${join()} /mnt/forged`))
  assert.equal(stdout, `${shown}closed`, stderr)
})

test('nor is one guarded as the agent that execs it after an exec that failed', async () => {
  const script = `${FORGE} { printf '\\177ELF'; head -c 200 /dev/zero; } >/media/broken && chmod 755 /media/broken && exec perl -e "$FAIL_FIRST"`
  child = spawn('unshare', [...mounts, ...join().split(' '), 'sh', '-c', script], { env, stdio: 'ignore' })
  const pid = await childOf(child.pid as number)
  await eventually(
    'the exec',
    () => readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('/mnt/forged'),
    LONGEST_MS,
  )
  const kill = `kill -USR1 $(awk '/NSpid/ {print $NF}' /proc/${pid}/status)`
  assert.equal(space.run(['/bin/sh', '-c', kill], { PATH: '/usr/bin' }).status, 0)
})

test('the container of the agent, started again, succeeds it', async () => {
  assert.match((await start()).log(), /adopted the node's \d+ programs/)
})
