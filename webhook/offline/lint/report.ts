/** Findings as text, as JSON, and as the commands that GitHub's runners read. */
import { visible } from '../../../agent/policy/text/suggest.ts'
import type { Located } from './coordinates.ts'

/** `FILE:LINE:COLUMN: error: OBJECT: text`, the form of compilers, which editors and problem matchers read. */
export function textReport(findings: readonly Located[], count: string): string {
  return `${findings.map((finding) => `${textLine(finding)}\n`).join('')}${count}\n`
}

function textLine({ severity, where, line, column, object, text }: Located): string {
  return visible(`${where}:${line}:${column}: ${severity}: ${object === '' ? '' : `${object}: `}${text}`).replaceAll(
    '\n',
    '; ',
  )
}

export const jsonReport = (findings: readonly Located[]): string => `${JSON.stringify(findings, null, 2)}\n`

/** docs.github.com, Workflow commands for GitHub Actions. The count is a line of the log. */
export function githubReport(findings: readonly Located[], count: string): string {
  const lines = findings.map(({ severity, where, line, column, object, text }) => {
    const place = `file=${property(where)},line=${line},col=${column},title=KernelSeal`
    return `::${severity} ${place}::${data(object === '' ? text : `${object}: ${text}`)}\n`
  })
  return `${lines.join('')}${count}\n`
}

/** As @actions/core escapes them: a text must not end its command or begin another. */
const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')

export interface Counted {
  readonly pods: number
  readonly secrets: number
  readonly files: number
}

/** `5 Pods, 1 Secret in 6 files: 0 errors, 2 warnings`: a wrong path is not green without a word. */
export function countOf({ pods, secrets, files }: Counted, findings: readonly Located[]): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length
  const seen = `${many(pods, 'Pod')}, ${many(secrets, 'Secret')} in ${many(files, 'file')}`
  return `${seen}: ${many(errors, 'error')}, ${many(findings.length - errors, 'warning')}`
}

const many = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
