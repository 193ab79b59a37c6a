// The two ledgers of a run on one time axis, as text and as a page with a picture: what the clients know of their
// messages, and what somebody who sees every link has written down in the same time.

import type { MessageRecord, Sighting } from '../../simulator/processes/index.ts'
import { second } from '../../world/units.ts'

/** Says what a client knows: that it handed a message over, read one, or has the reply to one. */
interface Own {
  readonly at: number
  readonly text: string
}

/** Counts what passed one way of a link, by stretch of time. */
export interface Seen {
  readonly link: string
  /** Bytes in each stretch. */
  readonly bytes: readonly number[]
}

/** Divides the time that is shown into stretches of one length, milliseconds. */
export interface Axis {
  readonly from: number
  readonly stretchMs: number
  readonly stretches: number
}

/** Sums what was seen for each way of each link, the links in the order of their names. */
export function seenOn({ from, stretchMs, stretches }: Axis, sightings: readonly Sighting[]): Seen[] {
  const links = new Map<string, number[]>()
  for (const sighting of sightings) {
    const at = Math.floor((sighting.at - from) / stretchMs)
    if (at < 0 || at >= stretches) continue
    const link = `${sighting.from} → ${sighting.to}`
    const bytes = links.get(link) ?? new Array<number>(stretches).fill(0)
    bytes[at] = (bytes[at] as number) + sighting.bytes
    links.set(link, bytes)
  }
  return [...links].sort(([a], [b]) => (a < b ? -1 : 1)).map(([link, bytes]) => ({ link, bytes }))
}

/** From before the first message to after its last trace, in stretches of a second or longer. */
export function axisOf(messages: readonly MessageRecord[], startedAt: number, most = 60): Axis {
  const times = ownOf(messages).map(({ at }) => at)
  const from = times.length === 0 ? startedAt : Math.min(...times) - 2 * second
  const span = times.length === 0 ? 10 * second : Math.max(...times) + 3 * second - from
  const stretchMs = Math.max(1, Math.ceil(span / most / second)) * second
  return { from, stretchMs, stretches: Math.ceil(span / stretchMs) }
}

function ownOf(messages: readonly MessageRecord[]): Own[] {
  return messages
    .flatMap(({ number, from, to, bytes, acceptedAt, readAt, replyReadAt }) => [
      { at: acceptedAt, text: `${from} → ${to}  message ${number}, ${bytes} bytes` },
      ...readAt.map(at => ({ at, text: `${to} read message ${number} of ${from}` })),
      ...replyReadAt.map(at => ({ at, text: `${from} read the reply to ${number}` })),
    ])
    .filter((own): own is Own => own.at !== undefined)
    .sort((a, b) => a.at - b.at)
}

const kilobytes = (bytes: number): string => `${Math.round(bytes / 1000)} kB`

/** One row a stretch: left what happened in it, right what the observer saw in it, whether anything happened or not. */
export function sideBySide(
  messages: readonly MessageRecord[],
  sightings: readonly Sighting[],
  startedAt: number,
): string[] {
  const axis = axisOf(messages, startedAt)
  const seen = seenOn(axis, sightings)
  const own = ownOf(messages)
  const rows = Array.from({ length: axis.stretches }, (_, i) => {
    const [from, to] = [axis.from + i * axis.stretchMs, axis.from + (i + 1) * axis.stretchMs]
    const told = own.filter(({ at }) => at >= from && at < to).map(({ text }) => text)
    const sums = seen.map(({ bytes }) => bytes[i] as number).filter(bytes => bytes > 0)
    const total = sums.reduce((sum, bytes) => sum + bytes, 0)
    const right =
      sums.length === 0
        ? 'nothing'
        : `${sums.length} links, ${kilobytes(total)}, each ${kilobytes(Math.min(...sums))} to ${kilobytes(Math.max(...sums))}`
    return {
      time: ((from - startedAt) / second).toFixed(0).padStart(4),
      told: told.length === 0 ? [''] : told,
      right,
    }
  })
  const width = Math.max(40, ...rows.flatMap(({ told }) => told.map(text => text.length + 6)))
  const line = (left: string, right: string): string => `${left.padEnd(width)} | ${right}`.trimEnd()
  return [
    line("   s  the clients' own ledgers", 'the observer of every link'),
    line('-'.repeat(width), '-'.repeat(40)),
    ...rows.flatMap(({ time, told, right }) =>
      told.map((text, i) => line(`${i === 0 ? time : '    '}  ${text}`, i === 0 ? right : '')),
    ),
  ]
}

const [left, top, rowHeight, chart] = [190, 84, 13, 900]

/** A page in XHTML with both ledgers as one picture (SVG) on one time axis. */
export function ledgerPage(
  messages: readonly MessageRecord[],
  sightings: readonly Sighting[],
  startedAt: number,
): string {
  const axis = axisOf(messages, startedAt)
  const seen = seenOn(axis, sightings)
  const x = (at: number): number =>
    Math.round(left + ((at - axis.from) / (axis.stretchMs * axis.stretches)) * chart)
  const traffic = top + (messages.length + 3) * rowHeight
  const height = traffic + (seen.length + 2) * rowHeight
  const parts = [
    ...ticks(axis, startedAt, x, height),
    label(
      left,
      top - 2 * rowHeight,
      "the clients' own ledgers: each message from its sender to its reader, and back",
      'head',
    ),
    ...messages.flatMap((message, i) => messageRow(message, top + i * rowHeight, x)),
    label(
      left,
      traffic - 2 * rowHeight,
      'the observer of every link: bytes in each stretch, darker is more',
      'head',
    ),
    ...seen.flatMap((row, i) => seenRow(row, axis, traffic + i * rowHeight, x)),
  ]
  const size = `width="${left + chart + 20}" height="${height}"`
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" lang="en">
<head>
<title>Chaffinch: what is known, and what is seen</title>
<style>
body { font: 14px/1.5 system-ui, sans-serif; margin: 2em; color: #222; background: #fff; }
svg { font: 10px ui-monospace, monospace; }
.head { font-weight: bold; } .tick { stroke: #ddd; } .sent { stroke: #b45309; stroke-width: 3; }
.back { stroke: #047857; stroke-width: 3; } .seen { fill: #1e3a8a; }
</style>
</head>
<body>
<h1>What is known, and what is seen</h1>
<p>Above: what the clients themselves know of ${messages.length} messages (sent until read in brown, the reply in green). Below: what
somebody who sees every link writes down in the same time. Time runs from left to right, in seconds since the start.</p>
<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="both ledgers on one time axis">
${parts.join('\n')}
</svg>
</body>
</html>
`
}

function ticks(
  { from, stretchMs, stretches }: Axis,
  startedAt: number,
  x: (at: number) => number,
  height: number,
): string[] {
  const every = Math.max(1, Math.ceil(stretches / 12))
  return Array.from({ length: Math.ceil(stretches / every) }, (_, i) => from + i * every * stretchMs).flatMap(
    at => [
      `<line class="tick" x1="${x(at)}" x2="${x(at)}" y1="${top - 40}" y2="${height}"/>`,
      label(x(at) + 2, top - 44, `${((at - startedAt) / second).toFixed(0)} s`),
    ],
  )
}

function messageRow(message: MessageRecord, y: number, x: (at: number) => number): string[] {
  const { number, from, to, acceptedAt, readAt, replyReadAt } = message
  const bar = (kind: string, begin: number | undefined, end: number | undefined): string[] =>
    begin === undefined || end === undefined
      ? []
      : [
          `<line class="${kind}" x1="${x(begin)}" x2="${Math.max(x(begin) + 2, x(end))}" y1="${y}" y2="${y}"/>`,
        ]
  return [
    label(4, y + 4, `${number}: ${from} → ${to}`),
    ...bar('sent', acceptedAt, readAt[0]),
    ...bar('back', readAt[0], replyReadAt[0]),
  ]
}

function seenRow(
  { link, bytes }: Seen,
  { from, stretchMs }: Axis,
  y: number,
  x: (at: number) => number,
): string[] {
  const most = Math.max(1, ...bytes)
  const cells = bytes.map((of, i) => {
    const [begin, end] = [x(from + i * stretchMs), x(from + (i + 1) * stretchMs)]
    const shade = (of / most).toFixed(2)
    return of === 0
      ? ''
      : `<rect class="seen" x="${begin}" y="${y - 9}" width="${end - begin}" height="${rowHeight - 2}" fill-opacity="${shade}"/>`
  })
  return [label(4, y, link), ...cells.filter(cell => cell !== '')]
}

function label(x: number, y: number, text: string, kind?: string): string {
  return `<text x="${x}" y="${y}"${kind === undefined ? '' : ` class="${kind}"`}>${escaped(text)}</text>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
