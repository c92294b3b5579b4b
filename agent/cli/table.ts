/** Rows of text as columns. Pure. */

/** @param rows the first one is the heading; all have as many cells */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] as string).length)))
  const line = (row: readonly string[]): string => row.map((cell, i) => cell.padEnd(widths[i] as number)).join('  ')
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('')
}
