/** The attacker's process: already under its identity, it reads one request from stdin and runs it attempt by attempt. */
import { readFileSync, writeSync } from 'node:fs'
import { type Attempt, failed, judge, type Outcome, type Target } from '../attempt.ts'
import { attemptsById } from '../attempts/suite.ts'
import { stateOf } from './launch.ts'
import { type AttackRequest, type Progress, targetOf } from './request.ts'

const request = JSON.parse(readFileSync(0, 'utf8')) as AttackRequest
const target = targetOf(request)
for (const attempt of attemptsById(request.ids)) {
  report({ id: attempt.id })
  report({ id: attempt.id, outcome: run(attempt, target) })
}

/** A dead target refuses nothing: a failure because of that is an error. */
function run(attempt: Attempt, target: Target): Outcome {
  const outcome = tried(attempt, target)
  return outcome.kind === 'leaked' || alive(target.pid) ? outcome : failed('the target is no longer alive')
}

function tried(attempt: Attempt, target: Target): Outcome {
  try {
    return attempt.run(target)
  } catch (error) {
    return judge(error)
  }
}

function alive(pid: number): boolean {
  try {
    return !'ZX'.includes(stateOf(pid))
  } catch {
    return false
  }
}

/** Synchronous: the next attempt may kill this process. */
function report(progress: Progress): void {
  writeSync(1, `${JSON.stringify(progress)}\n`)
}
