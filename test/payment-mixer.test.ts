// docs/spec/payments-rounds.md 4.5, 4.8, 4.9 put together: notes go to meetings, come back mixed, and peers that are
// late again and again are passed over, also after a restart.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../encoding/bytes.ts'
import { type EmbeddedLedger, openLedger } from '../payment/ledger/embedded.ts'
import { type Note, notesOf, ownerOf, readTransaction, signMint } from '../payment/ledger/transaction.ts'
import { embeddedJoins } from '../payment/rounds/join.ts'
import { type Received, readMessage } from '../payment/rounds/message.ts'
import { Mixer, type MixerReport } from '../payment/rounds/mixer.ts'
import { type VirtualClock, virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore, type Store } from '../world/store.ts'
import { minute } from '../world/units.ts'

const times = {
  epochMs: 10 * minute,
  arriveMs: minute,
  roundMs: 20 * minute,
  phaseMs: minute,
  voteMs: minute / 2,
}
const [ledgerSeed, mintSeed] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]

interface Peer {
  readonly store: Store
  readonly notes: Note[]
  readonly secrets: Uint8Array[]
  readonly told: MixerReport[]
  mixer: Mixer
  isSilent: (message: Received) => boolean
}

interface Room {
  readonly clock: VirtualClock
  readonly ledger: EmbeddedLedger
  readonly peers: Peer[]
}

async function room(peers: number, notesEach: number): Promise<Room> {
  const clock = virtualClock(1_800_000_000_000)
  const genesis = { name: 'test', ledgerKey: ownerOf(ledgerSeed), mintKey: ownerOf(mintSeed) }
  const ledger = await openLedger({ store: memoryStore(), genesis, ledgerSeed, now: () => clock.now() })
  const one: Room = { clock, ledger, peers: [] }
  for (let i = 0; i < peers; i++) {
    const random = seededRandom(i)
    const secrets = Array.from({ length: notesEach }, () => random(32))
    const outputs = secrets.map(secret => ({ denomination: 10, owner: ownerOf(secret) }))
    const mint = signMint(ledger.id, random(32), outputs, mintSeed)
    await ledger.submit(mint)
    const { id, transaction } = readTransaction(ledger.id, mint)
    const peer: Peer = {
      store: memoryStore(),
      notes: notesOf(id, transaction),
      secrets,
      told: [],
      mixer: null as unknown as Mixer,
      isSilent: () => false,
    }
    one.peers.push(peer)
    await open(one, peer, i + 100)
  }
  return one
}

async function open({ clock, ledger, peers }: Room, peer: Peer, seed: number): Promise<void> {
  peer.mixer = await Mixer.open({
    scheme: embeddedJoins(ledger.id),
    ledger,
    clock,
    random: seededRandom(seed),
    store: peer.store,
    log: silent,
    times,
    publish(message) {
      if (peer.isSilent(readMessage(message) as Received)) return
      for (const other of peers) if (other !== peer) clock.after(500, () => other.mixer.receive(message))
    },
    report: report => {
      peer.told.push(report)
    },
  })
}

function settled({ told }: Peer): string[] {
  return told.flatMap(({ what }) => (what.type === 'settled' ? [what.settlement.is] : []))
}

test('notes of one denomination meet in one epoch and come back as other notes', async () => {
  const { clock, ledger, peers } = await room(3, 1)
  const meetings = peers.map(({ mixer, notes, secrets }) =>
    mixer.join(notes[0] as Note, secrets[0] as Uint8Array),
  )
  assert.is(new Set(meetings.map(({ pairing }) => hex(pairing))).size, 1)
  await clock.advance(15 * minute)
  for (const peer of peers) {
    assert.equal(settled(peer), ['paid'])
    const [{ what }] = peer.told.filter(({ what }) => what.type === 'settled') as [MixerReport]
    if (what.type !== 'settled' || what.settlement.is !== 'paid') return assert.unreachable()
    const [note] = await ledger.notesOwnedBy(ownerOf(what.settlement.outputSecret))
    assert.is(note?.spentBy, null)
  }
})

test('two notes of one owner go to different meetings', async () => {
  const { clock, peers } = await room(3, 2)
  for (const { mixer, notes, secrets } of peers) {
    const [one, two] = notes.map((note, i) => mixer.join(note, secrets[i] as Uint8Array))
    assert.is((two?.until ?? 0) - (one?.until ?? 0), times.epochMs)
  }
  await clock.advance(25 * minute)
  for (const peer of peers) assert.equal(settled(peer), ['paid', 'paid'])
})

test('too few peers: the note is free again', async () => {
  const { clock, peers } = await room(2, 1)
  for (const { mixer, notes, secrets } of peers) mixer.join(notes[0] as Note, secrets[0] as Uint8Array)
  await clock.advance(15 * minute)
  for (const peer of peers) assert.equal(settled(peer), ['free'])
})

test('after its second timeout a note is passed over, also by a peer that has started again', async () => {
  const one = await room(4, 1)
  const { clock, peers } = one
  const late = peers[3] as Peer
  late.isSilent = ({ body }) => body.kind !== 'PR' && body.kind !== 'KE'
  for (const want of [2, 2, 1]) {
    if (want === 1) {
      peers[0]?.mixer.close()
      await open(one, peers[0] as Peer, 7)
    }
    for (const peer of peers) peer.mixer.join(...(await current(one, peer)))
    await clock.advance(14 * minute)
    const runs = peers.slice(0, 3).map(attemptsOf)
    assert.equal(runs, [want, want, want])
  }
})

/** The note that a peer has now, and what spends it. */
async function current({ ledger }: Room, { notes, secrets, told }: Peer): Promise<[Note, Uint8Array]> {
  const paid = told.findLast(({ what }) => what.type === 'settled')?.what
  const secret =
    paid?.type === 'settled' && paid.settlement.is === 'paid' ? paid.settlement.outputSecret : null
  const [note] = secret === null ? notes : await ledger.notesOwnedBy(ownerOf(secret))
  return [note as Note, secret ?? (secrets[0] as Uint8Array)]
}

function attemptsOf({ told }: Peer): number {
  const last = told.findLast(({ what }) => what.type === 'settled')
  return last?.what.type === 'settled' ? last.what.record.attempts.length : 0
}

test.run()
