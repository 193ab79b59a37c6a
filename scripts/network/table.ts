// The live table of a local network: a pure picture of what was last seen, and the drawing of it in place.

import type { Role } from '../../simulator/processes/index.ts'
import { type Cell, columns } from '../columns.ts'
import type { Settled } from './claims.ts'

export interface NodeRow {
  readonly name: string
  readonly role: Role
  /** -1 where it has none. */
  readonly layer: number
  readonly state: 'up' | 'starting' | 'dead'
  readonly held: number
  readonly forwarded: number
  readonly dropped: Readonly<Record<string, number>>
}

export interface ClientRow {
  readonly name: string
  readonly state: 'up' | 'starting' | 'dead'
  readonly sent: number
  readonly stored: number
  readonly read: number
  readonly queued: number
}

export interface TableState {
  readonly epoch: number
  readonly epochLeftMs: number
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
  /** Lines of their own, never cut: the commands to try. */
  readonly notes: readonly string[]
  /** The latest events, newest at the end. */
  readonly events: readonly string[]
  readonly claims: readonly Settled[] | undefined
}

/**
 * The table as lines, for a terminal of that size. Rows are cut to the width; where the height is too small the
 * nodes give way first.
 */
export function frame(state: TableState, width: number, height: number): string[] {
  const cut = (lines: readonly string[]): string[] => lines.map(line => clip(line, width))
  const head = cut(headLines(state))
  const nodes = cut(
    columns(['node', 'role', 'layer', 'state', 'held', 'forwarded', 'dropped'], state.nodes.map(nodeCells)),
  )
  const clients = cut(
    columns(['client', 'state', 'queued', 'sent', 'stored', 'read'], state.clients.map(clientCells)),
  )
  const tail = [...cut(tailLines(state)), ...state.notes]
  const rowsOf = (lines: readonly string[]): number =>
    lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / width)), 0)
  const room = height - 1 - rowsOf(head) - rowsOf(tail) - 3
  const [shownClients, shownNodes] = share(clients, nodes, room)
  return [...head, '', ...shownNodes, '', ...shownClients, '', ...tail]
}

function headLines(state: TableState): string[] {
  const { consensus, late } = state
  const time = (ms: number): string => new Date(ms).toISOString().slice(11, 19)
  const signed = late
    ? `no new document since ${time(late.since)}, works until ${time(late.worksUntil)} (UTC)`
    : signedBy(consensus)
  return [
    `epoch ${state.epoch}  ${Math.max(0, Math.ceil(state.epochLeftMs / 1000))} s left  ${signed}`,
    state.authorities.map(({ name, state }) => `${name} ${state}`).join('  '),
  ]
}

function signedBy(consensus: TableState['consensus']): string {
  if (consensus === undefined) return 'no consensus yet'
  return `consensus ${consensus.hash.slice(0, 16)}  signed by ${consensus.signers} of ${consensus.of}`
}

function tailLines(state: TableState): string[] {
  const { messages, latency } = state
  const times =
    latency === undefined
      ? 'latency not measured yet'
      : `latency p50  drawn ${Math.round(latency.drawnMs)} ms  measured ${Math.round(latency.totalMs)} ms`
  const claims = (state.claims ?? []).map(({ id, holds }) => `${holds ? 'holds ' : 'BROKEN'}  ${id}`)
  return [
    `messages  sent ${messages.sent} of ${messages.of}  read ${messages.read}  replies ${messages.replies}   ${times}`,
    ...(claims.length > 0 ? ['', ...claims] : []),
    ...(state.events.length > 0 ? ['', ...state.events] : []),
  ]
}

function nodeCells(row: NodeRow): Cell[] {
  const dropped = Object.entries(row.dropped)
    .filter(([, n]) => n > 0)
    .map(([reason, n]) => `${reason} ${n}`)
    .join(', ')
  return [
    row.name,
    row.role,
    row.layer < 0 ? '-' : String(row.layer),
    row.state,
    row.held,
    row.forwarded,
    dropped || '-',
  ]
}

function clientCells(row: ClientRow): Cell[] {
  return [row.name, row.state, row.queued, row.sent, row.stored, row.read]
}

/** As many rows of both as there is room for; the first list keeps its rows longest. */
function share(keep: readonly string[], give: readonly string[], room: number): [string[], string[]] {
  const kept = shorten(keep, Math.max(2, room - 2))
  return [kept, shorten(give, Math.max(2, room - kept.length))]
}

function shorten(lines: readonly string[], most: number): string[] {
  if (lines.length <= most) return [...lines]
  return [...lines.slice(0, most - 1), `... ${lines.length - most + 1} more`]
}

function clip(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 3))}...`
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
