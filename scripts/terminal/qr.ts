// A text as a QR code in the terminal, for a camera to read (ISO/IEC 18004; the package qr draws it).

import encodeQR from 'qr'
import { isColoured } from './paint.ts'

/** Light modules around the code: what the standard wants, and some readers need. */
const quiet = 4
const [none, upper, lower, both] = [' ', '▀', '▄', '█']

/** Two rows of modules a line; light ones are drawn, for a terminal that is dark, on any other by its colours. */
export function qrOf(text: string): string {
  const rows = encodeQR(text, 'raw', { ecc: 'low', border: quiet })
  const lines: string[] = []
  for (let at = 0; at < rows.length; at += 2) {
    const [top = [], bottom] = [rows[at], rows[at + 1]]
    lines.push(
      top
        .map((dark, i) => {
          const isLower = bottom !== undefined && bottom[i] !== true
          if (!dark) return isLower ? both : upper
          return isLower ? lower : none
        })
        .join(''),
    )
  }
  // White on black, whatever the terminal's colours are
  return isColoured(process.stdout)
    ? lines.map(line => `\u001b[97;40m${line}\u001b[0m`).join('\n')
    : lines.join('\n')
}
