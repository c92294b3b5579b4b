/** `scripts/vm` as its callers see it. Every test boots a machine, so each asks as much of one boot as it can. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'

const repository = join(import.meta.dirname, '../..')
const SCRIPT = join(repository, 'scripts/vm')

/** Two machines at a time: one per processor of the smallest machine the tests are meant for. */
describe('scripts/vm', { concurrency: 2 }, () => {
  test('hands the command its arguments and variables exactly as they are', async () => {
    const args = ['', 'two words', 'line\nbreak', "it's", '"quoted"', '$HOME `id` *', '\\', '--', 'naïve']
    const script = 'console.log(JSON.stringify([process.argv.slice(1), process.env.VALUE]))'
    const run = await vm(['--env', "VALUE= a\n'b'=$c ", '--', 'node', '-e', script, '--', ...args])
    assert.deepEqual(JSON.parse(run.stdout), [args, " a\n'b'=$c "])
    assert.equal(run.status, 0)
  })

  test('passes on the exit status, output and errors apart, nothing added and nothing lost', async () => {
    const run = await vm(['--', 'sh', '-c', 'sleep 1000 & seq 100000; echo err >/dev/stderr; exit 42'])
    const numbers = Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join('')
    assert.deepEqual(run, { status: 42, stdout: numbers, stderr: 'err\n' })
  })

  test('offers the repository at /work, to write to and throw away', async () => {
    const run = await vm(['--', 'sh', '-c', 'pwd; echo x >thrown-away; cat thrown-away; which node; node --version'])
    assert.equal(run.stdout, `/work\nx\n/work/node_modules/.bin/node\n${process.version}\n`)
    assert.ok(!existsSync(join(repository, 'thrown-away')))
  })

  test('has the modules of agent and kernel tests compiled, for each of the three users that run them', async () => {
    const load = 'NODE_DEBUG_NATIVE=COMPILE_CACHE node --import ./scripts/test.d/leave.ts agent/main.ts run --help'
    const script = `for user in 0 1000 65534; do
      setpriv --reuid $user --clear-groups -- sh -c '${load}' >/tmp/said-$user 2>&1
      echo $(($(grep -c 'StrippedTypeScript.* success' /tmp/said-$user) > 100)) $(grep -c 'StrippedTypeScript.*no such file' /tmp/said-$user)
    done`
    const run = await vm(['--', 'sh', '-c', script])
    assert.equal(run.stdout, '1 0\n1 0\n1 0\n')
  })

  test('offers shared folders under /share, not to be written to, and says 128+N for a command ended by a signal', async (context) => {
    const folder = join(mkdtempSync(join(tmpdir(), 'vm-test-')), 'a shared, folder')
    context.after(() => rmSync(join(folder, '..'), { recursive: true }))
    mkdirSync(folder)
    writeFileSync(join(folder, 'file'), 'content')
    const run = await vm([
      '--share',
      folder,
      '--',
      'sh',
      '-c',
      'cd "/share/a shared, folder" && cat file; echo >new; kill -9 $$',
    ])
    assert.equal(run.stdout, 'content')
    assert.match(run.stderr, /Read-only file system/)
    assert.equal(run.status, 137)
  })

  test('has systemd as process 1 when asked, and no container around it', async () => {
    const run = await vm([
      '--systemd',
      '--',
      'sh',
      '-c',
      'cat /proc/1/comm /proc/self/cgroup; systemd-detect-virt --container; exit 3',
    ])
    assert.equal(run.stdout, 'systemd\n0::/system.slice/kernelseal-vm.service\nnone\n')
    assert.equal(run.status, 3)
  })

  test('knows the rate of its clock and does not measure it, where this machine says it', async (context) => {
    const run = await vm(['--', 'sh', '-c', 'cat /proc/cmdline; dmesg | grep "tsc: Detected"'])
    const [, told] = / tsc_early_khz=(\d+)/.exec(run.stdout) ?? []
    if (told === undefined) return context.skip('the frequency of this machine changes, or is not known')
    // The processor's own frequency has a line too, and is measured.
    const [, detected] =
      /tsc: Detected ([\d.]+) MHz TSC/.exec(run.stdout) ?? /tsc: Detected ([\d.]+) MHz/.exec(run.stdout) ?? []
    assert.equal(Math.round(Number(detected) * 1000), Number(told))
  })

  test('offers what containers and BPF programs need', async () => {
    const script = `
      for dir in /sys/fs/bpf /sys/kernel/security /sys/kernel/tracing /sys/fs/cgroup /dev/shm; do stat -fc %T $dir; done
      ping() { python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); socket.create_connection(s.getsockname())'; }
      ping && echo loopback
      mkdir -p /tmp/upper /tmp/work /tmp/bundle/rootfs && cd /tmp/bundle
      mount -t overlay -o lowerdir=/,upperdir=/tmp/upper,workdir=/tmp/work overlay rootfs
      runc spec && sed -i 's/"terminal": true/"terminal": false/; s/"sh"/"echo", "container"/' config.json
      runc run test && test -r /sys/kernel/btf/vmlinux && modprobe veth && hostname`
    const run = await vm(['--kernel', 'latest', '--', 'bash', '-c', script])
    const expected = 'bpf_fs securityfs tracefs cgroup2fs tmpfs loopback container kernelseal-vm'
    assert.deepEqual(run, { status: 0, stdout: `${expected.replaceAll(' ', '\n')}\n`, stderr: '' })
  })

  test('has a network card on the tap device it is given, and else none', async () => {
    const tap = 'ip tuntap add dev t mode tap && ip address add 192.0.2.1/24 dev t && ip link set dev t up && exec "$@"'
    const inside = `modprobe virtio_net && ip address add 192.0.2.2/24 dev eth0 && ip link set dev eth0 up
      busybox ping -c 1 -W 20 192.0.2.1 >/dev/null && echo reached`
    const network = ['--net', 'sh', '-c', tap, 'sh', SCRIPT]
    const run = await command('unshare', [...network, '--tap', 't', '--', 'sh', '-c', inside])
    assert.deepEqual(run, { status: 0, stdout: 'reached\n', stderr: '' })
    const without = await vm(['--', 'sh', '-c', 'modprobe virtio_net; ls /sys/class/net'])
    assert.equal(without.stdout, 'lo\n')
  })

  test('adds words to the command line of the kernel', async () => {
    const append = 'lsm=lockdown,capability,bpf lockdown=integrity'
    const run = await vm(['--append', append, '--', 'cat', '/sys/kernel/security/lsm', '/sys/kernel/security/lockdown'])
    assert.equal(run.stdout, 'lockdown,capability,bpfnone [integrity] confidentiality\n')
  })

  test('says 124 and why when the time is up', async () => {
    const run = await vm(['--timeout', '8', '--', 'sleep', '1000'])
    assert.deepEqual(run, { status: 124, stdout: '', stderr: 'vm: time is up: the run took longer than 8 s\n' })
  })

  test('says 125 and prints the kernel messages when the kernel panics', async () => {
    const run = await vm(['--', 'sh', '-c', 'echo c >/proc/sysrq-trigger'])
    assert.equal(run.status, 125)
    assert.match(run.stderr, /Kernel panic - not syncing: sysrq triggered crash/)
    assert.match(run.stderr, /vm: error: the guest stopped before the command ended/)
  })

  test('boots once more, and says so, when the guest dies before the command', async () => {
    const run = await vm(['--append', 'init=/missing rdinit=/missing', '--', 'true'])
    assert.equal(run.status, 125)
    assert.match(
      run.stderr,
      /^vm: the guest died before it could start the command \(kernel 6.1\); booting once more$/m,
    )
    assert.match(run.stderr, /vm: error: .* twice/)
  })
})

describe('scripts/vm refuses with status 125', () => {
  const refusals = [
    [['true'], 'vm: error: `--` is needed before the command (`true`)\n'],
    [['--'], 'vm: error: no command; see --help\n'],
    [['--kernel', '4.19', '--', 'true'], 'vm: error: no such kernel: `4.19` (choose one of 5.10, 6.1, 6.12, latest)\n'],
    [['--timeout', '1m', '--', 'true'], 'vm: error: `--timeout 1m`: not a number of seconds\n'],
    [['--share', '/missing', '--', 'true'], 'vm: error: `--share /missing`: not a folder\n'],
    [['--env', 'A B=1', '--', 'true'], 'vm: error: `--env A B=1`: not NAME=VALUE\n'],
    [
      ['--share', '/usr/lib', '--share', '/var/lib', '--', 'true'],
      'vm: error: two shared folders would both be `/share/lib`\n',
    ],
    [['--tap', 'a,b', '--', 'true'], 'vm: error: `--tap a,b`: not the name of a network device\n'],
    [['--keep', '--', 'true'], 'vm: error: no such option: `--keep`; see --help\n'],
  ] as const
  for (const [args, stderr] of refusals) {
    test(`\`${args.join(' ')}\``, async () => {
      assert.deepEqual(await vm([...args]), { status: 125, stdout: '', stderr })
    })
  }
})

function vm(args: string[]) {
  return command(SCRIPT, args)
}

function command(file: string, args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(file, args, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr })
    })
  })
}
