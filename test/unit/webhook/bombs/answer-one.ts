/**
 * Answers the request on standard input as a replica with the shipped limits would; prints its cost: milliseconds of
 * a CPU, and memory.
 */
import { readFileSync } from 'node:fs'
import { answerTo, JOURNEYS } from '../../../../webhook/review/endpoints.ts'
import { CLUSTER, NONCE, SETTINGS } from '../fixtures.ts'

const DEPS = { settings: SETTINGS, nonce: () => NONCE, cluster: CLUSTER }
const ask = (text: string) => answerTo({ kind: 'whole', bytes: Buffer.from(text) }, JOURNEYS['/mutate'], DEPS)

const body = readFileSync(0, 'utf8')
// The code that a replica has compiled long since.
for (let i = 0; i < 200; i++) ask(body.slice(0, 2000))
const start = process.cpuUsage()
const answered = ask(body)
const spent = process.cpuUsage(start)
const took = (spent.user + spent.system) / 1000
const outcome = answered.kind === 'answer' ? answered.outcome : undefined
const message =
  outcome?.kind === 'deny' ? outcome.message.slice(0, 200) : answered.kind === 'answer' ? '' : answered.problem
const length = answered.kind === 'answer' ? answered.text.length : 0
const maxRss = process.resourceUsage().maxRSS * 1024
process.stdout.write(
  JSON.stringify({ took, kind: outcome?.kind ?? answered.kind, reason: outcome?.reason, message, length, maxRss }),
)
