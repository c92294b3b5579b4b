/** `kernelseal doctor` on a kernel that can enforce, and beside a tool that would export the values. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Finding } from '../../../agent/doctor/checks.ts'
import { activeLsms, lockdownLevel } from '../../../agent/linux/securityfs.ts'
import { eventually, kernelseal } from '../../support/agent-under-test.ts'

test('it has a finding for each check, loads everything once and leaves nothing behind', () => {
  const { status, stdout, stderr } = kernelseal(['doctor', '--json'])
  assert.equal(status, 0, stderr + stdout)
  const findings = JSON.parse(stdout) as Finding[]
  const stateOf = (what: string) => findings.find((finding) => finding.what === what)?.state
  assert.equal(findings.length, 11)
  for (const what of [
    'kernel programs',
    'capabilities',
    'kernel type information (BTF)',
    'bpf file system',
    'securityfs',
    'ftrace',
  ])
    assert.equal(stateOf(what), 'supported', what)
  assert.equal(stateOf('active security modules'), activeLsms()?.includes('bpf') ? 'supported' : 'degraded')
  assert.equal(stateOf('kernel lockdown'), lockdownLevel() === 'none' ? 'supported' : 'degraded')
  assert.equal(stateOf('cgroups'), 'supported')
  for (const { why } of findings) assert.ok(why)
  assert.match(kernelseal(['status']).stdout, /^Nothing is pinned/)
})

test('beside a Tetragon that captures environments it fails and names the option to switch off', async () => {
  const tool = join(mkdtempSync(join(tmpdir(), 'kernelseal-doctor-')), 'tetragon')
  writeFileSync(tool, '#!/bin/sh\necho up\nread forever\n')
  chmodSync(tool, 0o755)
  const child = spawn(tool, ['--enable-process-environment-variables'], { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    let up = false
    child.stdout.on('data', () => {
      up = true
    })
    await eventually('the tool', () => up)
    const { status, stdout } = kernelseal(['doctor'])
    assert.equal(status, 1)
    assert.match(stdout, /^FAIL {2}tools that copy environments: Tetragon \(PID \d+\), which exports/m)
    assert.match(stdout, /^ {6}fix: Tetragon: set `enable-process-environment-variables` to false/m)
    assert.match(stdout, /This node cannot enforce/)
  } finally {
    child.kill('SIGKILL')
  }
})
