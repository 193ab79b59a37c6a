// Tables of plain text, without lines (cli-table3 lays them out). Colours and wide letters take the room that they take
// on the screen.

import Table from 'cli-table3'

export type Cell = string | number

const none = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map(place => [place, '']),
)

export interface Layout {
  /** A number of columns each; longer text ends in an ellipsis. Default: as wide as the widest cell. */
  readonly widths?: readonly number[]
  /** Default: words to the left, and to the right where the first row has a number. */
  readonly sides?: readonly ('left' | 'right')[]
  /** Stands between two columns. */
  readonly between?: string
}

/** Lays rows out under their heads. */
export function columns(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  { widths, sides, between = '  ' }: Layout = {},
): string[] {
  return laidOut([head, ...rows], {
    widths,
    between,
    sides: sides ?? head.map((_, i) => (typeof rows[0]?.[i] === 'number' ? 'right' : 'left')),
  })
}

/** Puts lines beside others, the right ones in one column. */
export function beside(left: readonly string[], right: readonly string[]): string[] {
  const rows = Array.from({ length: Math.max(left.length, right.length) }, (_, i) => [
    left[i] ?? '',
    right[i] ?? '',
  ])
  return laidOut(rows, { between: '  ' })
}

/** Cuts each line that is longer, and says so by an ellipsis. */
export function clipped(lines: readonly string[], width: number): string[] {
  return lines.length === 0
    ? []
    : laidOut(
        lines.map(line => [line]),
        { widths: [width] },
      )
}

function laidOut(
  rows: readonly (readonly Cell[])[],
  { widths, sides, between = '' }: { [K in keyof Layout]: Layout[K] | undefined },
): string[] {
  const table = new Table({
    chars: { ...none, middle: between },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    ...(widths === undefined ? {} : { colWidths: [...widths] }),
    ...(sides === undefined ? {} : { colAligns: [...sides] }),
  })
  table.push(...rows.map(row => row.map(String)))
  return table
    .toString()
    .split('\n')
    .map(line => line.trimEnd())
}
