/** The YAML parser's reasons, for every reader of YAML: in our words where a user meets them often, and never with the text. */
import type { YAMLException } from 'js-yaml'

/** @param text that was read: a manifest or a policy, in which anything may be a secret */
export function yamlReason({ reason }: YAMLException, text: string): string {
  const quoting = QUOTING.find(({ match }) => match.test(reason))
  if (quoting) return `${quoting.reason} (put a value that begins so in quotes)`
  // The parser complains of the end of the stream, or of nothing a reader would connect with a tab.
  if (/^ *\t/m.test(text)) return 'a line is indented with a tab (use spaces)'
  if (reason === 'duplicated mapping key') return 'a key stands twice'
  // Beyond these forms it may hold something of the text.
  return PLAIN.test(reason) ? reason : 'a value cannot be read'
}

/** Reasons of js-yaml that repeat the text: `*Passw0rd` is an alias to YAML, `!Passw0rd` a tag. */
const QUOTING = [
  { match: /^(unidentified|recursive) alias/, reason: 'an alias without an anchor' },
  { match: /\btag\b.*[:"<]|[<"].*\btag\b/, reason: 'a tag that is not known' },
]
/** Words of the parser's own; `(32)` is a limit, `','` and `':'` are signs. */
const PLAIN = /^[A-Za-z;,%\- ]+(?:\([\w ]+\)|'[,:]')?[A-Za-z;,\- ]*$/
