// A network whose gateways keep notes, for `attack -- gateway`: clients and gateways run their own code, and so does
// the relay of every node; links are calls on a virtual clock.

import { x25519PublicKey } from '#crypto'
import { type Client, openClient } from '../../client/index.ts'
import { readAddress } from '../../client/packets/address.ts'
import type { NodeEntry, View } from '../../directory/documents/view.ts'
import { hex } from '../../encoding/bytes.ts'
import { emptyTable } from '../../link/dht.ts'
import { type Link, LinkError } from '../../link/link.ts'
import { mailboxProtocol, type PageSize } from '../../link/protocol/mailbox.ts'
import { entryProtocol } from '../../link/protocol/relaying.ts'
import { engine } from '../../node/engine.ts'
import { type Channels, channels } from '../../node/gateway/channels.ts'
import { type Entry, entry } from '../../node/gateway/entry.ts'
import { type Gateway, gateway } from '../../node/gateway/gateway.ts'
import { type Mailboxes, openMailboxes } from '../../node/gateway/mailbox.ts'
import { votedStrategy } from '../../node/mixing/voted.ts'
import { type Action, type Mixed, newRelay, type PeelResult } from '../../node/relay/relay.ts'
import { paperDirectory, paperNetwork, paperNode, paperView } from '../../simulator/paper.ts'
import { SphinxError } from '../../sphinx/error.ts'
import { type Geometry, geometry } from '../../sphinx/geometry.ts'
import { peel } from '../../sphinx/peel.ts'
import { type VirtualClock, virtualClock } from '../../world/clock.ts'
import { type Random, seededRandom } from '../../world/random.ts'
import { memoryStore } from '../../world/store.ts'
import { hour } from '../../world/units.ts'
import { sleep } from '../../world/wait.ts'
import { comingOf, isEasy } from './easy-cover.ts'

/** Something that a gateway sees, milliseconds. */
export interface Sight {
  readonly at: number
  /** At the entry: a packet of the client or its cell, and the answer. At the home: a read, a message, a return. */
  readonly what: 'packet' | 'cell' | 'answer' | 'read' | 'message' | 'return'
}

/** A client and what its two gateways see of it. */
export interface Watched {
  readonly client: Client
  readonly atEntry: Sight[]
  readonly atHome: Sight[]
}

interface Place {
  readonly id: Uint8Array
  readonly name: string
  arrive(from: string, packet: Uint8Array): void
  /** Puts into a mailbox here what has come for it. */
  readonly take: Mailboxes['put']
  readonly mail: { boxes: Mailboxes; gateway: Gateway; channels: Channels; entry: Entry } | undefined
}

const name = 'seats'
const wireMs = 2
const g: Geometry = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })

export interface Seats {
  readonly clock: VirtualClock
  readonly watched: readonly Watched[]
  close(): Promise<void>
}

/**
 * Starts a network of two mixes a layer and so many gateways, and clients that are ready.
 *
 * @param options.gateways each of a family of its own; with one, entry and home are the same
 * @param options.homes of each client; default: as many as clients have
 */
export async function startSeats(options: {
  readonly seed: number
  readonly gateways: number
  readonly clients: number
  readonly homes?: 1 | 2 | 3
}): Promise<Seats> {
  const random = seededRandom(options.seed)
  const clock = virtualClock(1_700_000_000_000)
  const network = paperNetwork({ name, genesis: clock.now(), epochMs: 24 * hour })
  const layers = [0, 0, 1, 1, 2, 2, ...Array<number>(options.gateways).fill(-1)]
  const secrets = layers.map(() => random(32))
  const nodes = layers.map((layer, i): NodeEntry => {
    const key = x25519PublicKey(secrets[i] as Uint8Array)
    return {
      ...paperNode({ id: random(32), addresses: [] }, layer),
      family: `family ${i}`,
      packetKeys: new Map([0, 1, 2].map(epoch => [epoch, key])),
    }
  })
  const view = paperView(network, nodes)
  const notes = new Map<string, Sight[]>()
  const places = new Map<string, Place>()
  const world: World = { clock, random, view, places, notes }
  for (const [i, node] of nodes.entries())
    places.set(hex(node.id), await startPlace(world, node, secrets[i] as Uint8Array))
  const watched: Watched[] = []
  for (let i = 0; i < options.clients; i++) {
    const atEntry: Sight[] = []
    const link = clientLink(world, random(32), atEntry)
    const client = await openClient({
      network,
      link,
      directory: paperDirectory(view),
      ...(options.homes === undefined ? {} : { homes: options.homes }),
      store: memoryStore(),
      clock,
      random: seededRandom(random(32)),
    })
    await clock.advance(100)
    const atHome: Sight[] = []
    notes.set(homeOf(client), atHome)
    watched.push({ client, atEntry, atHome })
  }
  await clock.advance(3000)
  return {
    clock,
    watched,
    async close() {
      for (const { client } of watched) await client.close()
    },
  }
}

interface World {
  readonly clock: VirtualClock
  readonly random: Random
  readonly view: View
  readonly places: Map<string, Place>
  /** By `seatOf`: what a home sees of a mailbox. */
  readonly notes: Map<string, Sight[]>
}

/** The gateway that mail is sent to first, and to which what comes back does. */
function homeOf({ address }: Pick<Client, 'address'>): string {
  const { gateways, mailboxKey } = readAddress(address, name)
  return seatOf(gateways[0] as Uint8Array, mailboxKey)
}

function seatOf(gateway: Uint8Array, mailbox: Uint8Array): string {
  return `${hex(gateway)} ${hex(mailbox)}`
}

async function startPlace(world: World, node: NodeEntry, secret: Uint8Array): Promise<Place> {
  const { clock, random, view, places, notes } = world
  const relay = newRelay({
    geometry: g,
    self: node.id,
    keepsMail: node.role === 'gateway',
    passingLimit: 100_000,
    maxDelayMs: view.parameters.maxHopDelayMs,
    hold: votedStrategy<Mixed>({ random, limit: 100_000, wall: clock.now }),
  })
  const tags = new Set<string>()
  const peeled = (packet: Uint8Array): PeelResult => {
    try {
      const isReplay = (tag: Uint8Array): boolean => tags.has(hex(tag)) || !tags.add(hex(tag))
      return { peeled: peel(g, secret, packet, isReplay) }
    } catch (error) {
      if (error instanceof SphinxError) return { drop: error.code }
      throw error
    }
  }
  const run = engine({
    relay,
    clock,
    carryOut: action => carryOut(action),
    fault: error => {
      throw error
    },
  })
  const carryOut = (action: Action): void => {
    switch (action.do) {
      case 'peel':
        run.happen({ type: 'peeled', results: action.packets.map(peeled) })
        break
      case 'record':
        run.happen({ type: 'recorded', batch: action.batch, ok: true })
        break
      case 'forward': {
        const { next, packet } = action
        clock.after(wireMs, () => places.get(hex(next))?.arrive(hex(node.id), packet))
        run.happen({ type: 'ended', end: 'forwarded' })
        break
      }
      case 'store':
        take(action.mail, end => run.happen({ type: 'ended', end, thanks: action.thanks }))
        break
      case 'serve':
      case 'publish':
        run.happen({ type: 'ended', end: 'served', thanks: action.thanks })
        break
      case 'loop':
        run.happen({ type: 'ended', end: 'UNKNOWN_LOOP' })
        break
    }
  }
  const mail = node.role === 'gateway' ? await openMail(world, node, secret) : undefined
  const take: Mailboxes['put'] = (entry, done) => {
    const what = entry.kind === 'reply' ? 'return' : 'message'
    notes.get(seatOf(node.id, entry.recipient))?.push({ at: clock.now(), what })
    mail?.boxes.put(entry, done)
  }
  return {
    take,
    id: node.id,
    name: hex(node.id),
    arrive: (from, packet) => run.happen({ type: 'arrived', from, packets: [packet] }),
    mail,
  }
}

async function openMail(world: World, node: NodeEntry, secret: Uint8Array): Promise<Place['mail']> {
  const { clock, random, view, places, notes } = world
  const { parameters } = view
  const pageSize = (): PageSize => ({
    places: parameters.pageEntries,
    payloadBytes: g.payloadBytes,
    boardBytes: parameters.bulletinPageBytes,
  })
  const limits = { entries: 20_000, minutes: 10_080, boxes: 1000, bytes: 2 ** 30, waiting: 4096 }
  const boxes = await openMailboxes({
    store: memoryStore(),
    clock,
    random,
    payloadBytes: g.payloadBytes,
    limits,
  })
  // What a read is for the home sees when it makes the page
  const noting: Mailboxes = Object.assign(Object.create(boxes) as Mailboxes, {
    page: (owner: Uint8Array, wanted: Parameters<Mailboxes['page']>[1]) => {
      notes.get(seatOf(node.id, owner))?.push({ at: clock.now(), what: 'read' })
      return boxes.page(owner, wanted)
    },
  })
  const served = gateway({
    id: node.id,
    mailboxes: noting,
    parameters: () => parameters,
    board: (_cursor, _offset, bytes) => new Uint8Array(bytes),
    announce: () => false,
    payloadBytes: g.payloadBytes,
    clients: 1000,
    isConnected: () => true,
    clock,
    random,
  })
  const ends = channels({
    id: node.id,
    keys: () => [0, 1, 2].map(epoch => ({ epoch, secret, publicKey: x25519PublicKey(secret) })),
    gateway: () => served,
    pageSize,
    most: 1000,
    idleMs: () => hour,
    clock,
    random,
  })
  const carries = entry({
    id: node.id,
    link: {
      async request(to, _protocol, batch) {
        await sleep(clock, wireMs)
        const home = places.get(hex(to.id))?.mail
        if (home === undefined) throw new LinkError('UNREACHABLE', 'no gateway')
        const answer = await home.channels.answer(node.id, batch)
        await sleep(clock, answerMs + wireMs)
        return answer
      },
    },
    home: id => view.nodes.get(hex(id)),
    here: batch => ends.answer(node.id, batch),
    mayAsk: () => 'yes',
    pageSize,
    payloadBytes: g.payloadBytes,
    clock,
  })
  return { boxes, gateway: served, channels: ends, entry: carries }
}

/** Delivers what comes of a packet of cover, if anything does. */
function comeBack(clock: VirtualClock, places: World['places'], packet: Uint8Array): void {
  const come = comingOf(packet)
  const place = places.get(come?.gateway ?? '')
  if (come === undefined || place === undefined) return
  const mail = { ...come.mail, data: come.mail.data ?? new Uint8Array(g.payloadBytes) }
  clock.after(come.drawnMs + come.links * wireMs, () => place.take(mail, () => {}))
}

/** As node/node.ts has it: an answer leaves so long after its request. */
const answerMs = 10

function clientLink({ clock, places }: World, id: Uint8Array, notes: Sight[]): Link {
  return {
    id,
    addresses: [],
    dht: emptyTable,
    send(to, cell) {
      notes.push({ at: clock.now(), what: 'packet' })
      if (isEasy(cell)) comeBack(clock, places, cell)
      else clock.after(wireMs, () => places.get(hex(to.id))?.arrive(hex(id), cell))
      return true
    },
    async request(to, protocol, body) {
      notes.push({ at: clock.now(), what: 'cell' })
      await sleep(clock, wireMs)
      const at = places.get(hex(to.id))?.mail
      if (at === undefined) throw new LinkError('UNREACHABLE', 'no gateway')
      if (protocol !== entryProtocol && protocol !== mailboxProtocol)
        throw new LinkError('REFUSED', 'not served')
      const answer =
        protocol === entryProtocol ? await at.entry.carry(id, body) : await at.gateway.answer(id, body)
      await sleep(clock, (protocol === mailboxProtocol ? answerMs : 0) + wireMs)
      notes.push({ at: clock.now(), what: 'answer' })
      return answer
    },
    onCells: () => {},
    serve: () => {},
    onGone: () => {},
    keepNeighbours: () => {},
    neighbours: () => [],
    flush: async () => {},
    close: async () => {},
  }
}
