// Peers of a local network join their payments on Bitcoin: each a mixer at a client of its own, over the network's
// mixes and bulletin.

import { setTimeout as pause } from 'node:timers/promises'
import type { RemoteClient } from '../../client/remote/index.ts'
import { hex } from '../../encoding/bytes.ts'
import type { Ledger, Note } from '../../payment/ledger/index.ts'
import { Mixer, type RoundTimes, RoundTransport, type Settlement } from '../../payment/rounds/index.ts'
import type { JoinRecord, Run } from '../../simulator/processes/index.ts'
import { type PlannedProcess, remoteOf } from '../../simulator/processes/index.ts'
import { systemClock } from '../../world/clock.ts'
import { silent } from '../../world/log.ts'
import { systemRandom as random } from '../../world/random.ts'
import { memoryStore } from '../../world/store.ts'
import { second } from '../../world/units.ts'
import { bitcoinTreasury, type Coin, type Treasury } from './payments-ledger.ts'
import { topicAt } from './topic.ts'

/** docs/spec/payments-rounds.md 4.10: those of a local network. */
const times: RoundTimes = {
  epochMs: 50 * second,
  arriveMs: 5 * second,
  roundMs: 300 * second,
  phaseMs: 40 * second,
  voteMs: 30 * second,
}
/** From one block to the next. */
const blockEveryMs = 5 * second
/** Meetings that are tried until all are in one join. */
const mostMeetings = 3

/** Runs meetings until one join has all peers in it, and keeps the largest in the record. */
export async function joinPayments(run: Run): Promise<void> {
  const { plan, record, tell, signal } = run
  const { payments } = plan.options
  if (payments === 0) return
  const clients = plan.processes.filter(({ role }) => role === 'client')
  if (clients.length < payments) return
  const treasury = await bitcoinTreasury()
  const peers: Peer[] = []
  try {
    for (const [i, coin] of (await treasury.coins(payments)).entries()) {
      const peer = new Peer(treasury, coin)
      await peer.open(remoteOf(clients[i] as PlannedProcess), at => {
        if (i === 0) tell({ event: 'round', at })
      })
      peers.push(peer)
    }
    for (let meeting = 0; meeting < mostMeetings && areAlike(peers); meeting++) {
      tell({ event: 'peers-meet', peers: payments })
      const join = await meet(peers, treasury, signal)
      if (join !== undefined && join.size > (record.join?.size ?? 1)) record.join = join
      if (record.join?.size === payments) break
    }
    tell(
      record.join === undefined
        ? { event: 'not-joined' }
        : { event: 'joined', transaction: record.join.transaction, receipts: undefined },
    )
  } finally {
    await Promise.all(peers.map(peer => peer.close()))
    await treasury.close()
  }
}

class Peer {
  /** The coin that it can spend now. */
  coin: Coin
  /** The end that its note took at the meeting. */
  settled: Settlement | undefined
  readonly #treasury: Treasury
  #ledger: Ledger | undefined
  #mixer: Mixer | undefined
  #transport: RoundTransport | undefined

  constructor(treasury: Treasury, coin: Coin) {
    this.#treasury = treasury
    this.coin = coin
  }

  /** @param onState is told where its rounds are */
  async open(client: RemoteClient, onState: (at: string) => void): Promise<void> {
    const ledger = await this.#treasury.ledger()
    this.#ledger = ledger
    const store = memoryStore()
    const transport = await RoundTransport.open({
      topic: topicAt(client, 'payments'),
      store,
      clock: systemClock,
      log: silent,
      receive: message => this.#mixer?.receive(message),
      giveUpMs: times.phaseMs + times.voteMs,
    })
    this.#transport = transport
    this.#mixer = await Mixer.open({
      scheme: this.#treasury.scheme,
      ledger,
      clock: systemClock,
      random,
      store,
      log: silent,
      times,
      publish: message => transport.publish(message),
      report: ({ what }) => {
        if (what.type === 'settled') this.settled = what.settlement
        else onState(what.state.at)
      },
    })
  }

  /** Takes its note to the first meeting after `from`. */
  join(from: number): void {
    this.settled = undefined
    this.#mixer?.join(this.coin.note, this.coin.secret, from)
  }

  /** The transaction that took its note, hex, and the coin that it has for it; nothing when there is none. */
  async outcome(): Promise<{ readonly transaction: Uint8Array; readonly coin: Coin } | undefined> {
    const { settled } = this
    if (settled?.is !== 'paid' || this.#ledger === undefined) return undefined
    const spent = await this.#ledger.note(this.coin.note.id)
    const secret = settled.outputSecret
    const [note] = await this.#ledger.notesOwnedBy(this.#treasury.ownerOf(secret))
    if (note === undefined || note.spentBy !== null || !spent?.spentBy) return undefined
    return { transaction: spent.spentBy, coin: { note, secret } }
  }

  async close(): Promise<void> {
    this.#mixer?.close()
    await this.#transport?.close()
  }
}

/** Only notes of one denomination meet. */
function areAlike(peers: readonly Peer[]): boolean {
  return new Set(peers.map(({ coin }) => coin.note.denomination)).size === 1
}

/** Everybody takes its note to the same meeting, and all wait until they know what became of theirs. */
async function meet(
  peers: readonly Peer[],
  treasury: Treasury,
  signal: AbortSignal,
): Promise<JoinRecord | undefined> {
  const from = Date.now()
  for (const peer of peers) peer.join(from)
  const until = from + 2 * times.epochMs + times.roundMs
  // A note is settled once what spends it is in a block, so blocks must come
  for (let blockAt = from; Date.now() < until && peers.some(({ settled }) => settled === undefined); ) {
    if (Date.now() >= blockAt) {
      await treasury.confirm()
      blockAt = Date.now() + blockEveryMs
    }
    await pause(250, undefined, { signal })
  }
  await treasury.confirm()
  const joins = new Map<string, Note[]>()
  for (const peer of peers) {
    const outcome = await peer.outcome()
    if (outcome === undefined) continue
    peer.coin = outcome.coin
    const name = treasury.nameOf(outcome.transaction)
    joins.set(name, [...(joins.get(name) ?? []), outcome.coin.note])
  }
  const [largest] = [...joins].sort(([, a], [, b]) => b.length - a.length)
  return largest && recordOf(...largest)
}

/** Every output of the most common amount may be anybody's, as far as the ledger shows. */
function recordOf(transaction: string, outputs: readonly Note[]): JoinRecord {
  const alike = new Map<number, number>()
  for (const { denomination } of outputs) alike.set(denomination, (alike.get(denomination) ?? 0) + 1)
  const effectiveSet = Math.max(...alike.values())
  return {
    transaction,
    size: outputs.length,
    effectiveSet,
    paid: new Set(outputs.map(({ id }) => hex(id))).size,
  }
}
