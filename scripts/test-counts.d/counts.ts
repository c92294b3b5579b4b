/** The long runs: tests of test/stress with the numbers that a claim is made with. A row here is all that a new one takes. */

export interface Count {
  readonly name: string
  /** The claim, as the page has it. */
  readonly claim: string
  /** As scripts/vm calls them. */
  readonly kernels: readonly string[]
  /** Below test/stress. */
  readonly file: string
  /** Tests of the file, as node's --test-name-pattern; absent: all of them. */
  readonly tests?: string
  readonly env: Readonly<Record<string, string>>
  /** Words for the kernel's command line. */
  readonly append?: string
  readonly memoryMiB?: number
  /** About as long as it takes emulated, beside another one. */
  readonly minutes: number
}

const BOTH = ['6.1', 'latest']
const FMOD_RET = 'lsm=lockdown,capability,yama'
const LOCKED = 'lockdown=integrity'

export const COUNTS: readonly Count[] = [
  ...['leader', 'thread', 'listener'].map((how) => ({
    name: `race-${how}`,
    claim: `20,000 starts while 8 readers are in the middle of opening environ (${how})`,
    kernels: BOTH,
    file: 'race.test.ts',
    tests: `\\(${how}\\)`,
    env: { KERNELSEAL_RACE_STARTS: '20000' },
    minutes: 22,
  })),
  ...[
    { tier: 'lsm', append: '' },
    { tier: 'fmod_ret', append: FMOD_RET },
    { tier: 'stopped', append: LOCKED },
  ].map(({ tier, append }) => ({
    name: `hammer-${tier}`,
    claim: `10,000 starts under fire from every way of rows 1 to 3 (${tier})`,
    kernels: ['6.1'],
    file: 'hammer.test.ts',
    env: { KERNELSEAL_STARTS: '10000' },
    append,
    minutes: 25,
  })),
  {
    name: 'ends',
    claim: '100 ends of a Pod’s agent, in each way, with an attacker in the Pod who wants its place',
    kernels: ['6.1'],
    file: 'successions.test.ts',
    env: { KERNELSEAL_ENDS: '100' },
    minutes: 35,
  },
  {
    name: 'kills',
    claim: '100 times SIGKILL to the agent at random moments, under readers',
    kernels: ['6.1'],
    file: 'kill.test.ts',
    env: { KERNELSEAL_KILLS: '100' },
    minutes: 35,
  },
  ...['disabled', 'audit', 'enforce'].map((mode) => ({
    name: `signals-${mode}`,
    claim: `1,000 times SIGUSR1 to agents in mode ${mode}, from first instruction to end: no debugger`,
    kernels: ['6.1'],
    file: 'signals.test.ts',
    tests: `the attempt is real|in mode ${mode}`,
    env: { KERNELSEAL_SIGNALS: '1000' },
    minutes: 25,
  })),
  {
    name: 'openers',
    claim: '70,000 threads that each hold an opened maps: opens of others go on',
    kernels: BOTH,
    file: 'openers.test.ts',
    env: { KERNELSEAL_OPENERS: '70000' },
    memoryMiB: 8192,
    minutes: 7,
  },
  {
    name: 'records',
    claim: '66,000 ended processes held by one Pod: the others start and fork as before',
    kernels: ['6.1'],
    file: 'records.test.ts',
    env: { KERNELSEAL_RECORDS: '66000' },
    minutes: 5,
  },
]

/** One count on one kernel. */
export interface Run {
  readonly count: Count
  readonly kernel: string
}

/** @param names of counts; none: all */
export function runsOf(names: readonly string[], counts = COUNTS): Run[] {
  const wanted = counts.filter(({ name }) => names.length === 0 || names.includes(name))
  return wanted.flatMap((count) => count.kernels.map((kernel) => ({ count, kernel })))
}
