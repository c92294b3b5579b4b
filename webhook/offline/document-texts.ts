/**
 * The texts of a YAML file's documents, so that those that stay as they are go out as they came in, comments included. A
 * post-renderer is given mostly documents of others.
 */

/** Each with the line of dashes before it; undefined where this file is split otherwise than line by line. */
export function documentTexts(text: string): readonly string[] | undefined {
  // Directives belong to the document after them, and `...` ends one: rare, and the parser knows them.
  if (/^(%|\.\.\.)/m.test(text)) return undefined
  return text.split(/^(?=---(?:[ \t\r]|$))/m).filter((piece) => piece !== '')
}

/** Whether there is more than dashes and comments. */
export const hasContent = (piece: string): boolean => piece.split('\n').some((line) => !/^(---)?\s*(#.*)?$/.test(line))

/** Pieces as one stream: each but the first begins with dashes, and each ends its last line. */
export function joined(pieces: readonly string[]): string {
  return pieces
    .map((piece, index) => (index === 0 || piece.startsWith('---') ? piece : `---\n${piece.replace(/^\uFEFF/, '')}`))
    .map((piece, index) => (index === pieces.length - 1 || piece.endsWith('\n') ? piece : `${piece}\n`))
    .join('')
}
