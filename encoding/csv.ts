// Comma-separated values (RFC 4180) that people open in spreadsheets.

/** A cell: what people wrote, or a figure, as a number or with its decimals. */
export type Cell = string | number | { readonly figure: string }

/** Writes rows, each with a carriage return and a line feed at its end. */
export function csvText(rows: readonly (readonly Cell[])[]): string {
  return rows.map(row => `${row.map(cellText).join(',')}\r\n`).join('')
}

/** Quotes what needs it. */
function cellText(cell: Cell): string {
  const text =
    typeof cell === 'string' ? guarded(cell) : typeof cell === 'number' ? String(cell) : cell.figure
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Spreadsheets compute what begins as a formula does: an apostrophe stands before that. */
function guarded(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
}

/** Gives what somebody wrote of a cell that `csvText` has written, and a reader of CSV has read. */
export function unguarded(text: string): string {
  return /^'[=+\-@\t\r]/.test(text) ? text.slice(1) : text
}
