// A text as a QR code.

import type { JSX } from 'preact'
import { encodeQR } from 'qr'

/** Modules of white around it, so that a camera finds it. */
const margin = 4

export function Qr({ text, label }: { readonly text: string; readonly label: string }): JSX.Element {
  const rows = encodeQR(text, 'raw', { border: margin })
  const squares = rows.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])))
  return (
    <svg class="qr" role="img" aria-label={label} viewBox={`0 0 ${rows.length} ${rows.length}`}>
      <rect width="100%" height="100%" fill="#fff" />
      <path d={squares.join('')} fill="#000" />
    </svg>
  )
}
