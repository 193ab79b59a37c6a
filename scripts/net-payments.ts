// Peers of a local network join their payments: each a mixer at a client of its own, the ledger an app at one more, all of
// it over the network's mixes and bulletin.

import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../link/clock.ts'
import { silent } from '../link/log.ts'
import { memoryStore, openStore } from '../link/store.ts'
import { hex } from '../payment/document.ts'
import { embeddedJoins } from '../payment/join.ts'
import type { Genesis } from '../payment/ledger.ts'
import { type EmbeddedLedger, openLedger } from '../payment/ledger-embedded.ts'
import { readEntry } from '../payment/log.ts'
import { Mixer } from '../payment/mixer.ts'
import type { Settlement } from '../payment/settle.ts'
import { type Note, notesOf, ownerOf, readTransaction, signMint } from '../payment/transaction.ts'
import { RoundTransport } from '../payment/transport.ts'
import { answerQuestion, ledgerService, RemoteLedger } from '../payment/transport-ledger.ts'
import { systemRandom as random } from '../sphinx/random.ts'
import { askService } from './daemon.ts'
import { answerer, paymentsTopic } from './net-payments-client.ts'
import { endpointOf } from './net-plan.ts'
import type { JoinRecord } from './net-record.ts'
import type { Run } from './net-run.ts'

const second = 1000
const minute = 60 * second
/** docs/payments.md 4.10: those of a local network. */
const times = { epochMs: 50 * second, roundMs: 5 * minute, phaseMs: 40 * second, voteMs: 30 * second }
const patienceMs = minute
const denomination = 10
/** Meetings that are tried until all are in one join. */
const mostMeetings = 3

interface Peer {
  readonly name: string
  /** What it can spend now. */
  note: Note
  secret: Uint8Array
  readonly mixer: Mixer
  /** How its note came out of the meeting. */
  settled: Settlement | undefined
}

/** Runs meetings until one join has all peers in it, and keeps the largest in the record. */
export async function joinPayments(run: Run): Promise<void> {
  const { plan, watch, record, tell, signal } = run
  const { payments } = plan.options
  if (payments === 0) return
  const clients = plan.processes.filter(({ role }) => role === 'client')
  const [teller, ...others] = clients.toReversed()
  if (teller === undefined || others.length < payments) return
  const ending = new AbortController()
  const over = AbortSignal.any([signal, ending.signal])
  const { ledger, genesis, close } = await startLedger(join(plan.folder, 'ledger'))
  const answering = answerer(
    endpointOf(teller),
    ledgerService,
    question => answerQuestion(ledger, question),
    over,
  )
  const status = watch.last(teller.name)
  const address = status?.role === 'client' ? status.address : ''
  const coins = await mint(ledger, genesis.mintSeed, payments)
  const peers: Peer[] = []
  const transports: RoundTransport[] = []
  try {
    for (const [i, { note, secret }] of coins.entries()) {
      const planned = others[i] as (typeof others)[0]
      const endpoint = endpointOf(planned)
      const store = memoryStore()
      let mixer: Mixer | undefined
      const transport = await RoundTransport.open({
        topic: paymentsTopic(endpoint),
        store,
        clock: systemClock,
        log: silent,
        receive: message => mixer?.receive(message),
        giveUpMs: times.phaseMs + times.voteMs,
      })
      transports.push(transport)
      mixer = await Mixer.open({
        scheme: embeddedJoins(ledger.id),
        ledger: new RemoteLedger({
          genesis: genesis.pinned,
          ask: question => askService(endpoint, address, ledgerService, question, patienceMs),
        }),
        clock: systemClock,
        random,
        store,
        log: silent,
        times,
        publish: message => transport.publish(message),
        report: ({ what }) => {
          if (what.kind === 'settled') peer.settled = what.settlement
          else if (i === 0) tell(`a payment round is at ${what.state.at}`)
        },
      })
      const peer: Peer = { name: planned.name, note, secret, mixer, settled: undefined }
      peers.push(peer)
    }
    for (let meeting = 0; meeting < mostMeetings && (record.join?.size ?? 0) < payments; meeting++) {
      tell(`${payments} peers meet to join payments`)
      await meet(peers, ledger, over)
      const found = await largestJoin(ledger, peers)
      if (found !== undefined) record.join = found
    }
    const size = record.join?.size ?? 0
    tell(size === 0 ? 'no payments were joined' : `${size} payments are joined: ${record.join?.transaction}`)
  } finally {
    ending.abort()
    for (const { mixer } of peers) mixer.close()
    await Promise.all(transports.map(transport => transport.close()))
    await answering
    await close()
  }
}

/** Everybody takes its note to the same meeting; resolves when all know what became of theirs. */
async function meet(peers: readonly Peer[], ledger: EmbeddedLedger, signal: AbortSignal): Promise<void> {
  const from = Date.now()
  for (const peer of peers) {
    peer.settled = undefined
    peer.mixer.join(peer.note, peer.secret, from)
  }
  const until = from + 2 * times.epochMs + times.roundMs
  while (Date.now() < until && peers.some(({ settled }) => settled === undefined)) {
    await pause(250, undefined, { signal })
  }
  for (const peer of peers) {
    const { settled } = peer
    if (settled?.is !== 'paid') continue
    const [note] = await ledger.notesOwnedBy(ownerOf(settled.outputSecret))
    if (note !== undefined) Object.assign(peer, { note, secret: settled.outputSecret })
  }
}

/** As the ledger's own log has it: the transfer that spends the most notes, and who was paid by it. */
async function largestJoin(ledger: EmbeddedLedger, peers: readonly Peer[]): Promise<JoinRecord | undefined> {
  let largest: JoinRecord | undefined
  for (const entry of (await ledger.entries(1, 1000)).map(readEntry)) {
    const { id, transaction } = readTransaction(ledger.id, entry.transaction)
    if (transaction.kind !== 'transfer' || transaction.inputs.length <= (largest?.size ?? 1)) continue
    const owners = new Set(transaction.outputs.map(({ owner }) => hex(owner)))
    largest = {
      transaction: hex(id),
      size: transaction.inputs.length,
      // All outputs are worth the same, so each may be anybody's
      effectiveSet: transaction.outputs.filter(output => output.denomination === denomination).length,
      paid: peers.filter(({ note }) => owners.has(hex(note.owner))).length,
    }
  }
  return largest
}

interface Constitution {
  readonly pinned: Genesis
  readonly mintSeed: Uint8Array
}

async function startLedger(
  folder: string,
): Promise<{ ledger: EmbeddedLedger; genesis: Constitution; close: () => Promise<void> }> {
  const [ledgerSeed, mintSeed] = [random(32), random(32)]
  const pinned = { name: 'local', ledgerKey: ownerOf(ledgerSeed), mintKey: ownerOf(mintSeed) }
  const store = await openStore(folder)
  const ledger = await openLedger({ store, genesis: pinned, ledgerSeed, now: Date.now })
  return { ledger, genesis: { pinned, mintSeed }, close: () => store.close() }
}

async function mint(
  ledger: EmbeddedLedger,
  mintSeed: Uint8Array,
  count: number,
): Promise<{ note: Note; secret: Uint8Array }[]> {
  const secrets = Array.from({ length: count }, () => random(32))
  const outputs = secrets.map(secret => ({ denomination, owner: ownerOf(secret) }))
  const signed = signMint(ledger.id, random(32), outputs, mintSeed)
  await ledger.submit(signed)
  const { id, transaction } = readTransaction(ledger.id, signed)
  return notesOf(id, transaction).map((note, i) => ({ note, secret: secrets[i] as Uint8Array }))
}
