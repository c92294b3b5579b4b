/** Of the demo's output the part that a picture has room for; every line is the demo's own, and gaps are marked. */

const BEGINS = /^==> The Pod with kernelseal\.io\/mode: enforce/
/** A row of the table: its number, then the attempt. */
const ROW = /^(\d+) {2,}\S/
const ROWS_OF_A_NUMBER = 3

/** @returns the picture's lines @throws Error when the text is not of a demo that ended well */
export function excerptOf(output: string, command: string): string[] {
  const lines = output.trimEnd().split('\n')
  const begin = lines.findIndex((line) => BEGINS.test(line))
  if (begin < 0 || !lines.some((line) => /^ {4}OK: /.test(line)))
    throw new Error('the text is not the output of a demo that ended well: run scripts/pictures again')
  return [`$ ${command}`, '…', ...shortened(lines.slice(begin))]
}

function shortened(lines: readonly string[]): string[] {
  const total = Map.groupBy(lines, numberOf)
  const seen = new Map<string, number>()
  return lines.flatMap((line) => {
    const number = numberOf(line)
    if (number === undefined) return [line]
    const nth = (seen.get(number) ?? 0) + 1
    seen.set(number, nth)
    if (nth <= ROWS_OF_A_NUMBER) return [line]
    const left = total.get(number)!.length - ROWS_OF_A_NUMBER
    return nth === ROWS_OF_A_NUMBER + 1 ? [`     … ${left} more of row ${number}`] : []
  })
}

const numberOf = (line: string): string | undefined => ROW.exec(line)?.[1]
