// A table of plain text.

export type Cell = string | number

/** Right-aligns numbers, left-aligns words; as wide as the widest cell of each column. */
export function columns(head: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const all = [head, ...rows]
  const widths = head.map((_, i) => Math.max(...all.map(row => String(row[i] ?? '').length)))
  return all.map((row, at) =>
    row
      .map((cell, i) => {
        const numbers = typeof (at === 0 ? rows[0]?.[i] : cell) === 'number'
        const text = String(cell)
        return numbers ? text.padStart(widths[i] as number) : text.padEnd(widths[i] as number)
      })
      .join('  ')
      .trimEnd(),
  )
}
