// A table of plain text, without lines. Colours and wide letters take the room that they take on the screen.

import Table from 'cli-table3'

export type Cell = string | number

const none = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ].map(place => [place, '']),
)

/** Right-aligns numbers, left-aligns words; as wide as the widest cell of each column. */
export function columns(head: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const table = new Table({
    chars: { ...none, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colAligns: head.map((_, i) => (typeof rows[0]?.[i] === 'number' ? 'right' : 'left')),
  })
  table.push(...[head, ...rows].map(row => row.map(String)))
  return table
    .toString()
    .split('\n')
    .map(line => line.trimEnd())
}
