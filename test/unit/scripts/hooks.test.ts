import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { hooksOf, listsOf, purposeOf, sharedHooks, unnamedHooks, withLists } from '../../../scripts/lib/hooks.ts'

const SOURCE = `// SPDX-License-Identifier: GPL-2.0
/*
 * Refuses one thing: a second
 * line. More.
 *
 *   hook  path
 */
ENFORCE(guard_a, task_kill, security_task_kill, (target), struct task_struct *target)
ENFORCE_UNCOUNTED(guard_b, bpf,
		  security_bpf, (command), int command)

SEC("tp_btf/sched_process_exit")
int BPF_PROG(record_exit, struct task_struct *task)
SEC("tp_btf/sched_process_exit")
int BPF_PROG(record_exit_2, struct task_struct *task)
SEC("raw_tp")
int agent_enroll(struct bpf_raw_tracepoint_args *ctx)

#define AT_CALL(name, function)                                      \\
	SEC("fexit/" #function) int BPF_PROG(name)                   \\
AT_CALL(opened, sys_open)
AT_CALL(opened_2, sys_open)
char LICENSE[] SEC("license") __weak = "GPL";
`

describe('the list of kernel programs', () => {
  it('has each place once, with its first program, in the order of the source', () => {
    assert.deepEqual(
      hooksOf(SOURCE).map(({ hook, attachedAs, program }) => [hook, attachedAs, program]),
      [
        ['task_kill', '`lsm`, or `fmod_ret/security_task_kill`', 'guard_a'],
        ['bpf', '`lsm`, or `fmod_ret/security_bpf`', 'guard_b'],
        ['sched_process_exit', '`tp_btf`', 'record_exit'],
        ['run by the agent itself', '`raw_tp`', 'agent_enroll'],
        ['sys_open', '`fexit`', 'opened'],
      ],
    )
  })

  it('describes a source by the first sentence of its header', () => {
    assert.equal(purposeOf(SOURCE), 'Refuses one thing.')
  })

  it('misses a hook that the header does not name', () => {
    assert.deepEqual(unnamedHooks(SOURCE), ['task_kill', 'bpf', 'sched_process_exit', 'sys_open'])
    const named = SOURCE.replace(
      ' *   hook  path',
      ' *   task_kill, bpf  kill(2), bpf(2)\n *   sched_process_exit, sys_open',
    )
    assert.deepEqual(unnamedHooks(named), [])
  })

  it('misses a hook at which two programs refuse', () => {
    const other = SOURCE.replaceAll('guard_a', 'guard_c').replace('guard_b, bpf,', 'guard_b, bpf_map,')
    assert.deepEqual(sharedHooks(new Map([['guard/a.bpf.c', SOURCE]])), [])
    assert.deepEqual(
      sharedHooks(
        new Map([
          ['guard/a.bpf.c', SOURCE],
          ['guard/c.bpf.c', other],
        ]),
      ),
      ['task_kill: guard_a, guard_c'],
    )
  })

  it('replaces the lists of a page and nothing else', () => {
    const [start, end] = ['<!-- hooks: written by `npm run build` -->', '<!-- end of hooks -->']
    const page = withLists(`before\n${start}\nold\n${end}\nafter\n`, listsOf(new Map([['guard/a.bpf.c', SOURCE]])))
    assert.match(page, /^before\n.*\n\n- \[guard\/a\.bpf\.c\]\(guard\/a\.bpf\.c\): Refuses one thing\.\n/)
    assert.match(page, /\| `bpf` \| .* \| `guard_b` \| guard\/a\.bpf\.c \|\n/)
    assert.ok(page.endsWith('\nafter\n') && !page.includes('old'))
    assert.throws(() => withLists('no marks', ''), /no lines/)
  })

  it('in bpf/README.md is that of the sources', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/lib/hooks.ts'], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  })
})
