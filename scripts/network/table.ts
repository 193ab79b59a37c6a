// The live table of a local network: a pure picture of what was last seen, and the drawing of it in place.

import { styleText } from 'node:util'
import type { Role } from '../../simulator/processes/index.ts'
import type { Settled } from './claims.ts'

export type State = 'up' | 'starting' | 'dead'

export interface NodeRow {
  readonly name: string
  readonly role: Role
  /** -1 where it has none. */
  readonly layer: number
  readonly state: State
  readonly held: number
  readonly forwarded: number
  /** Packets forwarded a second, a number for each second, newest at the end. */
  readonly rates: readonly number[]
  readonly dropped: Readonly<Record<string, number>>
}

export interface ClientRow {
  readonly name: string
  readonly state: State
  readonly sent: number
  readonly stored: number
  readonly read: number
  readonly queued: number
}

export interface TableState {
  readonly epoch: number
  readonly epochLeftMs: number
  readonly epochMs: number
  readonly consensus: { readonly hash: string; readonly signers: number; readonly of: number } | undefined
  /** Since when the newest document is not fresh any more, and until when everybody goes on; milliseconds, UTC. */
  readonly late: { readonly since: number; readonly worksUntil: number } | undefined
  readonly authorities: readonly { readonly name: string; readonly state: string }[]
  readonly nodes: readonly NodeRow[]
  readonly clients: readonly ClientRow[]
  readonly messages: {
    readonly sent: number
    readonly read: number
    readonly replies: number
    readonly of: number
  }
  readonly latency: { readonly drawnMs: number; readonly totalMs: number } | undefined
  /** Says in one line what is going on. */
  readonly now: string
  /** A file with commands to try; undefined before there is one. */
  readonly tryFile: string | undefined
  /** The latest events, newest at the end. */
  readonly events: readonly string[]
  readonly claims: readonly Settled[] | undefined
}

type Colour = 'green' | 'yellow' | 'red' | 'cyan' | 'bold' | 'dim'
/** A stretch of a line in one colour. */
type Span = readonly [text: string, colour?: Colour | undefined]
type Line = readonly Span[]

/**
 * Draws the table as lines, for a terminal of that size, in an order that never changes: the epoch, what happens now,
 * nodes, clients, messages, claims, events. Nodes and clients stand beside each other where there is width for both.
 * Where the height is too small, events give way first, then claims that hold, then the rows of nodes and clients.
 *
 * @param coloured whether the terminal wants colours
 */
export function frame(state: TableState, width: number, height: number, coloured = false): string[] {
  const isWide = width >= 80
  const nodes = nodeLines(state.nodes, isWide ? Math.min(32, Math.max(7, width - 73)) : 0)
  const clients = clientLines(state.clients)
  const head = headLines(state)
  const tail = messageLines(state)
  const room = height - 1 - head.length - tail.length - 2
  const people = isWide
    ? beside(shorten(nodes, room), shorten(clients, room), Math.max(...nodes.map(lengthOf)) + 2)
    : stacked(nodes, clients, room)
  const claims = claimLines(state.claims, room - people.length)
  const left = Math.max(0, room - people.length - claims.length - 1)
  const events = left === 0 ? [] : state.events.slice(-left).map((text): Line => [[text, 'dim']])
  const lines: Line[] = [...head, [], ...people, [], ...tail, ...claims]
  if (events.length > 0) lines.push([], ...events)
  return lines.slice(0, Math.max(1, height - 1)).map(line => paint(clip(line, width), coloured))
}

function headLines(state: TableState): Line[] {
  const { consensus, late, epochLeftMs, epochMs } = state
  const time = (ms: number): string => new Date(ms).toISOString().slice(11, 19)
  const signed: Span = late
    ? [`no new document since ${time(late.since)}, works until ${time(late.worksUntil)} (UTC)`, 'yellow']
    : consensus === undefined
      ? ['no consensus yet', 'yellow']
      : [`signed by ${consensus.signers} of ${consensus.of} authorities`, 'green']
  const share = 1 - Math.min(1, Math.max(0, epochLeftMs / epochMs))
  const bar = '━'.repeat(Math.round(share * barWidth)).padEnd(barWidth, '─')
  const seconds = Math.max(0, Math.ceil(epochLeftMs / 1000))
  const authorities = state.authorities.flatMap(({ name, state }): Span[] => [
    [`  ${name.replace('authority-', '')} `],
    [state, state === 'dead' ? 'red' : state === 'starting' ? 'yellow' : undefined],
  ])
  return [
    [[`epoch ${state.epoch}`, 'bold'], [` ${bar} ${String(seconds).padStart(2)} s left  `], signed],
    [['authorities'], ...authorities],
    [[state.now, 'cyan']],
  ]
}

const barWidth = 10
const sparks = '▁▂▃▄▅▆▇█'

/** Draws the newest numbers as bars, the highest of them as the highest bar; nothing as a space. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = values.slice(-width)
  const most = Math.max(1, ...shown)
  return shown
    .map(value => (value <= 0 ? ' ' : (sparks[Math.ceil((value / most) * sparks.length) - 1] as string)))
    .join('')
    .padStart(width)
}

/** @param spark columns of the sparkline; 0: none */
function nodeLines(nodes: readonly NodeRow[], spark: number): Line[] {
  const head: Line = [['node       L state    held  rate ', 'dim'], [' '.repeat(spark)], ['  lost', 'dim']]
  const rows = nodes.map(({ name, layer, state, held, rates, dropped }): Line => {
    const lost = Object.values(dropped).reduce((sum, n) => sum + n, 0)
    const rate = `${Math.round(rates.at(-1) ?? 0)}/s`
    return [
      [`${name.padEnd(10)}${(layer < 0 ? '-' : String(layer)).padStart(2)} `],
      [state.padEnd(8), colourOf[state]],
      [`${String(held).padStart(5)}${rate.padStart(6)} `],
      [sparkline(rates, spark), 'cyan'],
      [String(lost).padStart(6), lost > 0 ? 'yellow' : undefined],
    ]
  })
  return [head, ...rows]
}

function clientLines(clients: readonly ClientRow[]): Line[] {
  const number = (value: number, width: number): string => String(value).padStart(width)
  const rows = clients.map(
    ({ name, state, queued, stored, read }): Line => [
      [name.padEnd(10)],
      [state.padEnd(8), colourOf[state]],
      [`${number(queued, 5)}${number(stored, 4)}${number(read, 4)}`],
    ],
  )
  return [[['client   state    queue got read', 'dim']], ...rows]
}

const colourOf: Readonly<Record<State, Colour>> = { up: 'green', starting: 'yellow', dead: 'red' }

function messageLines({ messages, latency, tryFile }: TableState): Line[] {
  const { sent, read, replies, of } = messages
  const times =
    latency === undefined
      ? 'no time measured yet'
      : `p50 ${Math.round(latency.totalMs)} ms, ${Math.round(latency.drawnMs)} of them drawn`
  return [
    [['messages', 'bold'], [`  sent ${sent} of ${of}  read ${read}  replies ${replies}  ${times}`]],
    [
      [
        tryFile === undefined
          ? 'Ctrl-C ends everything'
          : `send one yourself: sh ${tryFile}   Ctrl-C ends everything`,
      ],
    ],
  ]
}

/** Each claim where there is room; else those that broke, and how many hold. */
function claimLines(claims: TableState['claims'], room: number): Line[] {
  if (claims === undefined || room < 1) return []
  const line = ({ id, holds }: Settled): Line => [
    [holds ? 'holds   ' : 'BROKEN  ', holds ? 'green' : 'red'],
    [id],
  ]
  if (claims.length <= room) return claims.map(line)
  const broken = claims.filter(({ holds }) => !holds)
  const sum: Line = [
    [`${claims.length - broken.length} claims hold`, 'green'],
    [`, ${broken.length} broken`, broken.length > 0 ? 'red' : undefined],
  ]
  return [sum, ...broken.slice(0, room - 1).map(line)]
}

function beside(left: readonly Line[], right: readonly Line[], width: number): Line[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, i) => {
    const line = left[i] ?? []
    return [...line, [' '.repeat(Math.max(0, width - lengthOf(line)))], ...(right[i] ?? [])]
  })
}

/** One below the other: as many rows of both as there is room for; clients keep theirs longest. */
function stacked(nodes: readonly Line[], clients: readonly Line[], room: number): Line[] {
  const kept = shorten(clients, Math.max(2, room - 3))
  return [...shorten(nodes, Math.max(2, room - kept.length - 1)), [], ...kept]
}

function shorten(lines: readonly Line[], most: number): Line[] {
  if (lines.length <= most) return [...lines]
  const shown = Math.max(1, most - 1)
  return [...lines.slice(0, shown), [[`... ${lines.length - shown} more`, 'dim']]]
}

function lengthOf(line: Line): number {
  return line.reduce((sum, [text]) => sum + text.length, 0)
}

function clip(line: Line, width: number): Line {
  if (lengthOf(line) <= width) return line
  let left = Math.max(0, width - 3)
  const kept = line.map(([text, colour]): Span => {
    const shown = text.slice(0, left)
    left -= shown.length
    return [shown, colour]
  })
  return [...kept, ['...'.slice(0, width)]]
}

function paint(line: Line, coloured: boolean): string {
  const text = line.map(([text, colour]) =>
    coloured && colour !== undefined ? styleText(colour, text, { validateStream: false }) : text,
  )
  return text.join('').trimEnd()
}

export interface Screen {
  draw(lines: readonly string[]): void
  /** Gives the terminal back and leaves the last picture on it. */
  close(): void
}

export interface Terminal {
  write(text: string): unknown
}

/** Draws on the terminal's second screen, each picture in one write over the one before: nothing flickers. */
export function screen(terminal: Terminal): Screen {
  let last: readonly string[] = []
  terminal.write('\x1b[?1049h\x1b[?25l')
  return {
    draw(lines) {
      last = lines
      terminal.write(`\x1b[H${lines.map(line => `${line}\x1b[K`).join('\r\n')}\x1b[J`)
    },
    close() {
      terminal.write(`\x1b[?25h\x1b[?1049l${last.join('\n')}\n`)
    },
  }
}
