// The live table of a local network: a pure picture of what was last seen.

import type { Role } from '../../simulator/processes/index.ts'
import { beside, clipped, columns } from '../columns.ts'
import { type Colour, type Paint, painter } from '../terminal/paint.ts'
import type { Settled } from './claim.ts'

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
  /** The address of the page, where there is one. */
  readonly page?: string | undefined
  /** The latest events, newest at the end. */
  readonly events: readonly string[]
  readonly claims: readonly Settled[] | undefined
}

/**
 * Draws the table as lines, for a terminal of that size, in an order that never changes: the epoch, what happens now,
 * nodes, clients, messages, claims, events. Nodes and clients stand beside each other where there is width for both.
 * Where the height is too small, events give way first, then claims that hold, then the rows of nodes and clients.
 *
 * @param coloured whether the terminal wants colours
 */
export function frame(state: TableState, width: number, height: number, coloured = false): string[] {
  const paint = painter(coloured)
  const isWide = width >= leastWide
  const nodes = nodeLines(state.nodes, isWide ? width : 0, paint)
  const clients = clientLines(state.clients, paint)
  const head = headLines(state, paint)
  const tail = messageLines(state, paint)
  const room = height - 1 - head.length - tail.length - 2
  const people = isWide
    ? beside(shorten(nodes, room, paint), shorten(clients, room, paint))
    : stacked(nodes, clients, room, paint)
  const claims = claimLines(state.claims, room - people.length, paint)
  const left = Math.max(0, room - people.length - claims.length - 1)
  const events = left === 0 ? [] : state.events.slice(-left).map(text => paint('dim', text))
  const lines = [...head, '', ...people, '', ...tail, ...claims]
  if (events.length > 0) lines.push('', ...events)
  return clipped(lines.slice(0, Math.max(1, height - 1)), width)
}

function headLines(state: TableState, paint: Paint): string[] {
  const { consensus, late, epochLeftMs, epochMs } = state
  const time = (ms: number): string => new Date(ms).toISOString().slice(11, 19)
  const signed = late
    ? paint('yellow', `no new document since ${time(late.since)}, works until ${time(late.worksUntil)} (UTC)`)
    : consensus === undefined
      ? paint('yellow', 'no consensus yet')
      : paint('green', `signed by ${consensus.signers} of ${consensus.of} authorities`)
  const share = 1 - Math.min(1, Math.max(0, epochLeftMs / epochMs))
  const bar = '━'.repeat(Math.round(share * barWidth)).padEnd(barWidth, '─')
  const seconds = Math.max(0, Math.ceil(epochLeftMs / 1000))
  const authorities = state.authorities.map(({ name, state }) => {
    const shown = state === 'dead' || state === 'starting' ? paint(colourOf[state], state) : state
    return `  ${name.replace('authority-', '')} ${shown}`
  })
  return [
    `${paint('bold', `epoch ${state.epoch}`)} ${bar} ${String(seconds).padStart(2)} s left  ${signed}`,
    `authorities${authorities.join('')}`,
    paint('cyan', state.now),
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

const [left, right] = ['left', 'right'] as const
/** `gateway-0`; more where there are ten. */
const nameWidth = 9
const nodeWidths = { layer: 1, state: 8, held: 4, rate: 6, lost: 4 }
const clientWidths = [nameWidth, 8, 5, 3, 4]
const clientsWidth = clientWidths.reduce((sum, width) => sum + width + 1, 1)
/** From here on nodes and clients stand beside each other. */
const leastWide = 80
const [fewestSparks, mostSparks] = [7, 32]

/** @param width of the terminal, which what is left of it gives to the sparklines; 0: there are none */
function nodeLines(nodes: readonly NodeRow[], width: number, paint: Paint): string[] {
  const { layer, state, held, rate, lost } = nodeWidths
  const name = Math.max(nameWidth, ...nodes.map(node => node.name.length))
  const others = [name, layer, state, held, rate, lost].reduce((sum, each) => sum + each + 1, 0)
  const room = Math.min(mostSparks, Math.max(fewestSparks, width - others - clientsWidth))
  const spark = width === 0 ? [] : [room]
  const rows = nodes.map(node => {
    const gone = Object.values(node.dropped).reduce((sum, n) => sum + n, 0)
    return [
      node.name,
      node.layer < 0 ? '-' : node.layer,
      paint(colourOf[node.state], node.state),
      node.held,
      `${Math.round(node.rates.at(-1) ?? 0)}/s`,
      ...spark.map(wide => paint('cyan', sparkline(node.rates, wide))),
      gone > 0 ? paint('yellow', String(gone)) : 0,
    ]
  })
  const head = ['node', 'L', 'state', 'held', 'rate', ...spark.map(() => ''), 'lost']
  return columns(
    head.map(word => paint('dim', word)),
    rows,
    {
      widths: [name, layer, state, held, rate, ...spark, lost],
      sides: [left, right, left, right, right, ...spark.map(() => right), right],
      between: ' ',
    },
  )
}

function clientLines(clients: readonly ClientRow[], paint: Paint): string[] {
  const name = Math.max(nameWidth, ...clients.map(client => client.name.length))
  return columns(
    ['client', 'state', 'queue', 'got', 'read'].map(word => paint('dim', word)),
    clients.map(({ name, state, queued, stored, read }) => [
      name,
      paint(colourOf[state], state),
      queued,
      stored,
      read,
    ]),
    {
      widths: [name, ...clientWidths.slice(1)],
      sides: [left, left, right, right, right],
      between: ' ',
    },
  )
}

const colourOf: Readonly<Record<State, Colour>> = { up: 'green', starting: 'yellow', dead: 'red' }

function messageLines({ messages, latency, tryFile, page }: TableState, paint: Paint): string[] {
  const { sent, read, replies, of } = messages
  const times =
    latency === undefined
      ? 'no time measured yet'
      : `p50 ${Math.round(latency.totalMs)} ms, ${Math.round(latency.drawnMs)} of them drawn`
  const ends = 'Ctrl-C ends everything'
  return [
    `${paint('bold', 'messages')}  sent ${sent} of ${of}  read ${read}  replies ${replies}  ${times}`,
    tryFile === undefined ? ends : `send one yourself: sh ${tryFile}   ${ends}`,
    ...(page === undefined ? [] : [`look at it: ${page}`]),
  ]
}

/** Each claim where there is room; else those that broke, and how many hold. */
function claimLines(claims: TableState['claims'], room: number, paint: Paint): string[] {
  if (claims === undefined || room < 1) return []
  const line = ({ id, holds }: Settled): string =>
    `${holds ? paint('green', 'holds ') : paint('red', 'BROKEN')}  ${id}`
  if (claims.length <= room) return claims.map(line)
  const broken = claims.filter(({ holds }) => !holds)
  const lost = `${broken.length} broken`
  const sum = `${paint('green', `${claims.length - broken.length} claims hold`)}, ${broken.length > 0 ? paint('red', lost) : lost}`
  return [sum, ...broken.slice(0, room - 1).map(line)]
}

/** One below the other: as many rows of both as there is room for; clients keep theirs longest. */
function stacked(nodes: readonly string[], clients: readonly string[], room: number, paint: Paint): string[] {
  const kept = shorten(clients, Math.max(2, room - 3), paint)
  return [...shorten(nodes, Math.max(2, room - kept.length - 1), paint), '', ...kept]
}

function shorten(lines: readonly string[], most: number, paint: Paint): string[] {
  if (lines.length <= most) return [...lines]
  const shown = Math.max(1, most - 1)
  return [...lines.slice(0, shown), paint('dim', `... ${lines.length - shown} more`)]
}
