/**
 * Rows 9 and 10: visitors of a running container's namespaces, as `kubectl exec` makes them: a process from outside,
 * beside the entrypoint, with the environment that the container was given.
 */
import { type Attempt, type Outcome, refused, type Target } from '../attempt.ts'
import { judgeSaid, SAY, type Said, shellOf, speak, variableOf } from './child-output.ts'
import { judgeSpied, withLibrary } from './preload.ts'

const visit = { switch: 'always', proof: 'absence', inPod: true } as const

export const visitorAttempts: readonly Attempt[] = [
  { ...visit, row: 10, id: 'visitor-env', title: 'env by nsenter', run: (t) => said(t, ['env']) },
  {
    ...visit,
    row: 10,
    id: 'visitor-program',
    title: 'the bound program by nsenter',
    run: (t) => said(t, [shellOf(t), '-c', SAY]),
  },
  {
    ...visit,
    row: 10,
    id: 'visitor-child',
    title: 'the bound program, started by a shell that came by nsenter',
    run: (t) => said(t, ['sh', '-c', '"$0" -c "$1"; :', shellOf(t), SAY]),
  },
  {
    ...visit,
    row: 9,
    id: 'preload-by-visitor',
    title: 'the bound program by nsenter, with LD_PRELOAD',
    run: (t) => withLibrary((library) => spied(t, ['env', `LD_PRELOAD=${library}`, shellOf(t), '-c', ':'])),
  },
]

/** It has to have said something: the value, or the placeholder in its place. */
function said(target: Target, command: readonly string[]): Outcome {
  const what = enter(target, command)
  const outcome = judgeVisit(what, target)
  if (outcome.kind !== 'empty' || what.output.includes(variableOf(target))) return outcome
  throw new Error(`control failed: the visitor said nothing (${what.complaints.trim()})`)
}

function spied(target: Target, command: readonly string[]): Outcome {
  const what = enter(target, command)
  const outcome = judgeVisit(what, target)
  return outcome.kind === 'empty' ? judgeSpied(what.output, target) : outcome
}

/** Without CAP_SYS_ADMIN the setns(2) of 5.10 answers EINVAL, that of newer kernels EPERM: no process got in. */
function judgeVisit(what: Said, target: Target): Outcome {
  const outcome = judgeSaid(what, target)
  const keptOut = outcome.kind === 'empty' && /reassociate to namespace .* Invalid argument/.test(what.complaints)
  return keptOut ? refused('setns', 'EINVAL') : outcome
}

function enter(target: Target, command: readonly string[]): Said {
  const at = `/proc/${target.pid}/ns`
  return speak(target, 'nsenter', [`--pid=${at}/pid`, `--mount=${at}/mnt`, '--', ...command])
}
