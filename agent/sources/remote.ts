/** The needs of every server with secrets: its address and authority from the agent's environment, and an answer of bounded length, or the reason why there is none. */
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { reasonOf } from '../options/file-fault.ts'
import { UsageError } from '../policy/text/problems.ts'

/** Of a variable of the agent's environment, which is never an annotation's to set. */
export const wrongSetting = (variable: string, what: string): UsageError => new UsageError(`\`${variable}\` ${what}`)

/** TLS alone. @throws UsageError naming the variable, and not its text: an address may have a password in it */
export function addressIn(variable: string, text: string): URL {
  const address = URL.canParse(text) ? new URL(text) : undefined
  const isPlain = address?.pathname === '/' && !address.search && !address.hash && !address.username
  if (address?.protocol === 'https:' && isPlain) return address
  throw wrongSetting(variable, 'is not an address: write `https://host:port`, without a path or a user')
}

/** @param text PEM, or the absolute path of a PEM file @throws UsageError naming the variable */
export function authorityIn(variable: string, text: string): string {
  if (!text.startsWith('/')) return text
  try {
    return readFileSync(text, 'utf8')
  } catch (error) {
    throw wrongSetting(variable, `names \`${text}\`, which cannot be read: ${reasonOf(error)}`)
  }
}

/** For JSON, not for a value as it is, whose bytes may be no UTF-8. @param longest bytes @returns undefined where the answer is longer; the rest is not read */
export async function textWithin(response: IncomingMessage, longest: number): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response) {
    length += (chunk as Buffer).length
    if (length > longest) return undefined
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

interface Asked {
  readonly address: URL
  readonly timeoutMs: number
  /** How the names of its variables begin, which end with ADDR and CA. */
  readonly variables: string
  /** Of the answer; 0: it had not begun */
  readonly status: number
}

/** Of a request that had no whole answer: the reason and the remedy. Of the error its code alone is repeated. */
export function whyUnanswered({ name, code = 'unknown error' }: NodeJS.ErrnoException, asked: Asked) {
  const { timeoutMs, variables, status } = asked
  const host = `\`${asked.address.host}\``
  if (name === 'AbortError' || name === 'TimeoutError') {
    const why = `${host} did not answer within ${timeoutMs / 1000} s`
    return { why, hint: 'is it reachable from here?', isTemporary: true }
  }
  if (status && code === 'ECONNRESET') {
    const why = `the answer of ${host} was cut short`
    return { why, hint: 'see its log, and that of a proxy before it', isTemporary: true }
  }
  if (/CERT|SELF_SIGNED|VERIFY/.test(code)) {
    const why = `the certificate of ${host} is not trusted (${code})`
    return { why, hint: `check ${variables}CA`, isTemporary: false }
  }
  return { why: `${host} cannot be reached (${code})`, hint: `check ${variables}ADDR`, isTemporary: true }
}
