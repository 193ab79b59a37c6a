// A payment round among peers on a virtual clock: a lossy gossip network, an embedded ledger, peers that crash, and
// peers that do not keep to the protocol. What happened is kept for the checks (checks.ts).

import { hex } from '../../encoding/bytes.ts'
import { openLedger } from '../../payment/ledger/embedded.ts'
import { type Note, notesOf, ownerOf, readTransaction, signMint } from '../../payment/ledger/transaction.ts'
import { embeddedJoins } from '../../payment/rounds/join.ts'
import { type Malformed, pairingId, type Received, readMessage } from '../../payment/rounds/message.ts'
import { readRecord } from '../../payment/rounds/record.ts'
import { step } from '../../payment/rounds/round.ts'
import { RoundShell, recordKey } from '../../payment/rounds/shell.ts'
import type { RoundConfig, RoundEvent } from '../../payment/rounds/state.ts'
import { virtualClock } from '../../world/clock.ts'
import { silent } from '../../world/log.ts'
import { below, fraction, seededRandom } from '../../world/random.ts'
import { memoryStore } from '../../world/store.ts'
import { minute } from '../../world/units.ts'
import type { Outgoing, Parts, Peer, Plan, Plant, World } from './cast.ts'
import { ledgerSeenIn, Stranger } from './said.ts'
import { emptyTrace, observe, observeReport, observeSent, recording } from './trace.ts'

const times = { phaseMs: minute, voteMs: minute / 2 }
/** Requests count for this long. */
export const pairMs: number = 2 * minute
const expiry = 60 * minute
const ledgerSeed = new Uint8Array(32).fill(1)
const mintSeed = new Uint8Array(32).fill(2)

const checked = new WeakMap<Uint8Array, Received | Malformed>()

/** The network hands the same array to everybody: its signature is checked once. */
function read(bytes: Uint8Array): Received | Malformed {
  const known = checked.get(bytes)
  if (known !== undefined) return known
  const message = readMessage(bytes)
  checked.set(bytes, message)
  return message
}

export async function createWorld(plan: Plan): Promise<World> {
  const clock = virtualClock(1_800_000_000_000)
  const random = seededRandom(plan.seed)
  const genesis = { name: 'chaos', ledgerKey: ownerOf(ledgerSeed), mintKey: ownerOf(mintSeed) }
  const ledger = await openLedger({
    store: memoryStore(),
    genesis,
    ledgerSeed,
    now: () => Math.floor(clock.now()),
  })
  const world: World = {
    seed: plan.seed,
    random,
    clock,
    ledger,
    genesis,
    peers: [],
    denomination: 10,
    lossRate: plan.lossRate,
    trace: emptyTrace(),
    stranger: new Stranger(plan.seed, bytes => {
      for (const peer of world.peers) clock.after(1000, () => peer.shell.receive(bytes))
    }),
  }
  const secrets = Array.from({ length: plan.peers }, () => random(32))
  const outputs = secrets.map(secret => ({ denomination: world.denomination, owner: ownerOf(secret) }))
  const mint = signMint(ledger.id, random(32), outputs, mintSeed)
  await ledger.submit(mint)
  const { id, transaction } = readTransaction(ledger.id, mint)
  for (const [name, note] of notesOf(id, transaction).entries()) {
    const peer = createPeer(world, name, note, secrets[name] as Uint8Array, plan)
    world.peers.push(peer)
    peer.shell.start(peer.round)
  }
  return world
}

function createPeer(world: World, name: number, note: Note, noteSecret: Uint8Array, plan: Plan): Peer {
  const { clock, ledger } = world
  const start = clock.now()
  const fault = plan.faults.get(name) ?? null
  const peer: Peer = {
    name,
    fault,
    random: seededRandom(world.random(32)),
    noteSecret,
    note,
    round: {
      note,
      noteSecret,
      pairing: pairingId(ledger.id, world.denomination, 1),
      ask: start + below(world.random, minute),
      until: start + pairMs,
      expiry: start + expiry,
    },
    store: memoryStore(),
    onDisk: null,
    shell: null as unknown as RoundShell,
    identity: '',
    wallet: [],
    isDown: false,
    crash: plan.crashes.get(name) ?? null,
    crashes: 0,
    isSettled: false,
    outcome: null,
    attempt: 0,
    outputs: 0,
    asked: new Map(),
    replaced: new Map(),
  }
  peer.shell = createShell(
    world,
    peer,
    fault === null ? plan.plant : (fault.plant?.(peer) ?? (parts => parts)),
  )
  return peer
}

function createShell(world: World, peer: Peer, plant: Plant): RoundShell {
  const config: RoundConfig = {
    scheme: embeddedJoins(world.ledger.id),
    random: peer.random,
    read,
    newOutput: () => peer.fault?.output?.(peer.outputs++, peer.random) ?? peer.random(32),
    isCooling: () => false,
    least: 3,
    ...times,
  }
  const parts = plant(
    {
      step,
      config,
      store: recording(world, peer),
      ledger: ledgerSeenIn(world, peer.name),
      found: record => record,
      tell: report => [report],
    },
    world,
  )
  return new RoundShell(
    {
      config: parts.config,
      clock: world.clock,
      store: parts.store,
      ledger: parts.ledger,
      log: silent,
      publish: message => publish(world, peer, parts, message),
      report: report => {
        for (const told of parts.tell(report)) observeReport(world, peer, told)
      },
    },
    (config, state, event, now) => {
      const next = parts.step(config, state, event, now)
      observe(world, peer, state, next)
      return next
    },
  )
}

function crash(world: World, peer: Peer, parts: Parts): void {
  if (peer.isDown || peer.isSettled) return
  peer.crashes++
  peer.isDown = true
  peer.shell.close()
  world.clock.after(minute + below(world.random, 4 * minute), () => void restart(world, peer, parts))
}

async function restart(world: World, peer: Peer, parts: Parts): Promise<void> {
  const record = await peer.store.get(recordKey(peer.round.pairing))
  peer.isDown = false
  if (record === undefined) {
    peer.wallet.push(peer.noteSecret)
    peer.isSettled = true
    return
  }
  peer.shell = createShell(world, peer, () => parts)
  peer.shell.recover(parts.found(readRecord(record)))
}

/** The message that a step is about to take in. */
export function heard({ read }: RoundConfig, event: RoundEvent): Received | null {
  if (event.type !== 'message') return null
  try {
    const message = read(event.bytes)
    return 'why' in message ? null : message
  } catch {
    return null
  }
}

/** Gossip: to everybody, after a while, and now and then not at all. */
function publish(world: World, peer: Peer, parts: Parts, bytes: Uint8Array): void {
  const message = read(bytes) as Received
  const isOwn = message.from === ownIdentity(peer)
  if (isOwn) peer.identity = message.from
  if (isOwn && peer.crash?.kind === message.body.kind) {
    const { afterMs } = peer.crash
    peer.crash = null
    if (afterMs === null) {
      crash(world, peer, parts)
      return
    }
    world.clock.after(afterMs, () => crash(world, peer, parts))
  }
  if (isOwn && peer.fault === null) observeSent(world, peer, message)
  if (isOwn) world.stranger.hear(message)
  const outgoing = isOwn ? outgoingOf(world, peer, message) : [{ bytes }]
  for (const one of outgoing) deliver(world, peer, one)
}

/** Gives what a peer sends where its state machine publishes a message of its own. */
function outgoingOf(world: World, peer: Peer, message: Received): readonly Outgoing[] {
  const key = hex(message.hash)
  const known = peer.replaced.get(key)
  if (known !== undefined) return known
  const instead = peer.fault?.send(peer, message, world) ?? null
  world.trace.made.push({ peer, message: replaced(instead) ?? message })
  const outgoing = instead ?? [{ bytes: message.bytes }]
  peer.replaced.set(key, outgoing)
  return outgoing
}

/** Gives what a faulty peer sends in place of its message, if that is a message of the same kind. */
function replaced(instead: readonly Outgoing[] | null): Received | null {
  for (const { bytes } of instead ?? []) {
    try {
      const message = read(bytes)
      if ('body' in message && message.body.kind === 'DC') return message
    } catch {
      // noise
    }
  }
  return null
}

export function ownIdentity(peer: Peer): string {
  const state = peer.shell.state
  return state !== null && 'mine' in state ? state.mine.from : peer.identity
}

export function deliver(world: World, from: Peer, { bytes, to, delayMs = 0 }: Outgoing): void {
  for (const peer of world.peers) {
    if (peer === from || (to !== undefined && !to(peer)) || fraction(world.random) < world.lossRate) continue
    const travel = 200 + below(world.random, 4800)
    world.clock.after(delayMs + travel, () => {
      if (peer.isDown) return
      hear(world, peer, bytes)
      noteRequest(world, peer, bytes)
      peer.shell.receive(bytes)
    })
  }
}

/** Keeps when a peer heard whose first request. */
function noteRequest(world: World, peer: Peer, bytes: Uint8Array): void {
  try {
    const message = read(bytes)
    if ('why' in message || message.body.kind !== 'PR' || peer.asked.has(message.from)) return
    peer.asked.set(message.from, world.clock.now())
  } catch {
    // noise
  }
}

function hear(world: World, peer: Peer, bytes: Uint8Array): void {
  if (peer.fault?.hear === undefined) return
  try {
    const message = read(bytes)
    if ('why' in message) return
    for (const outgoing of peer.fault.hear(peer, message, world)) deliver(world, peer, outgoing)
  } catch {
    // noise
  }
}

/** Runs until everybody who keeps to the protocol has settled, or long after all time is over. */
export async function runWorld(world: World): Promise<void> {
  const end = world.clock.now() + expiry + 30 * minute
  while (world.clock.now() < end && !world.peers.every(isAtRest)) await world.clock.advance(minute)
  // A faulty peer may still submit what it withheld.
  await world.clock.advance(10 * minute)
}

function isAtRest(peer: Peer): boolean {
  return peer.fault !== null || peer.isSettled
}

/** The identity of a peer, or a name for the report. */
export function nameOf(world: World, identity: string): string {
  const peer = world.peers.find(one => one.identity === identity)
  return peer === undefined ? identity.slice(0, 8) : `peer ${peer.name}`
}

export function noteKey(note: Note): string {
  return hex(note.id)
}
