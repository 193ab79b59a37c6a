// One of the three processes of the relay's measurement: source, relay or sink. Asked over the channel to its
// parent, one question at a time.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aeadOpen, aeadSeal, x25519PublicKey } from '#crypto'
import { epochAt } from '../../directory/documents/network.ts'
import type { Directory } from '../../directory/documents/view.ts'
import { startHost } from '../../link/libp2p/host.ts'
import type { Host, Peer } from '../../link/link.ts'
import { folderFiles } from '../../node/files.ts'
import { type RunningNode, startNode } from '../../node/node.ts'
import { admission } from '../../node/routes.ts'
import { collectSeldom } from '../../roles/collecting.ts'
import { paperDirectory, paperNetwork, paperNode, paperView } from '../../simulator/paper.ts'
import { geometry } from '../../sphinx/geometry.ts'
import { discard, openHeader, peel, takeOff } from '../../sphinx/peel.ts'
import { systemClock } from '../../world/clock.ts'
import { silent } from '../../world/log.ts'
import { systemRandom as random } from '../../world/random.ts'
import { memoryStore } from '../../world/store.ts'
import { second } from '../../world/units.ts'
import { measure } from './cpu.ts'
import type { Answer, Question, Usage } from './relay.ts'
import { numberOf, writePackets } from './relay-packets.ts'
import { sourceThread } from './source-thread.ts'

const g = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })

/** One long epoch: keys do not change while it is measured. */
const network = paperNetwork({ name: 'bench', genesis: Date.now() - 60 * second, epochMs: 3600 * second })

const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6

function usage(): Usage {
  const { user, system } = process.cpuUsage()
  return { cpuUs: user + system, rssMiB: process.memoryUsage.rss() / 2 ** 20 }
}

function host(admits: (from: Uint8Array) => boolean, seed = random(32)): Promise<Host> {
  const listen = ['/ip4/127.0.0.1/tcp/0']
  return startHost({
    seed,
    listen,
    cellBytes: g.packetBytes,
    clock: systemClock,
    log: silent,
    random,
    admits,
    role: 'node',
  })
}

type Answering = (question: Question) => Answer | Promise<Answer>

/** Sends packets that it has made, at a rate. */
async function source(): Promise<Answering> {
  const link = await host(() => false)
  let packets = new Uint8Array(0)
  return question => {
    switch (question.ask) {
      case 'peer':
        return { id: link.id, addresses: link.addresses }
      case 'usage':
        return usage()
      case 'build': {
        packets = new Uint8Array(question.count * g.packetBytes)
        writePackets(g, { ...question, first: 0 }, packets)
        return null
      }
      case 'send':
        return send(link, packets, question)
      default:
        throw new Error(`a source is not asked to ${question.ask}`)
    }
  }
}

/** @returns when each packet was handed to the link, milliseconds of the machine's monotonic clock */
async function send(
  link: Host,
  packets: Uint8Array,
  { to, count, perS }: Extract<Question, { ask: 'send' }>,
): Promise<Float64Array> {
  const sentAt = new Float64Array(count)
  let sent = 0
  await paced(count, perS, until => {
    for (; sent < until; sent++) {
      sentAt[sent] = nowMs()
      link.send(to, packets.subarray(sent * g.packetBytes, (sent + 1) * g.packetBytes))
    }
  })
  return sentAt
}

/** Calls `run` every millisecond with how many should be done by then, until that is `count`. */
function paced(count: number, perS: number, run: (until: number) => void): Promise<void> {
  const started = nowMs()
  return new Promise(resolve => {
    const tick = (): void => {
      const until = Math.min(Math.floor(count), Math.floor(((nowMs() - started) * perS) / second))
      run(until)
      if (until < Math.floor(count)) setTimeout(tick, 1)
      else resolve()
    }
    tick()
  })
}

/** Notes when each packet came. */
async function sink(): Promise<Answering> {
  const link = await host(() => true)
  let arrivedAt = new Float64Array(0)
  let received = 0
  let read: (cell: Uint8Array) => number
  link.onCells((_from, cells) => {
    const now = nowMs()
    for (const cell of cells) arrivedAt[read(cell)] = now
    received += cells.length
  })
  return question => {
    switch (question.ask) {
      case 'peer':
        return { id: link.id, addresses: link.addresses }
      case 'usage':
        return usage()
      case 'expect':
        arrivedAt = new Float64Array(question.count)
        received = 0
        // straight from the source a packet is still closed: they come in order
        read = question.peeled ? cell => numberOf(g, cell) : () => received
        return null
      case 'received':
        return received
      case 'arrived':
        return arrivedAt
      default:
        throw new Error(`a sink is not asked to ${question.ask}`)
    }
  }
}

/** A mix as `chaffinch mix` runs it; only its consensus is not fetched but made here. */
async function relay(): Promise<Answering> {
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const files = await folderFiles(folder, systemClock)
  const gate = admission('mix')
  const seed = random(32)
  const link = await host(gate.admits, seed)
  let node: RunningNode | undefined
  return async question => {
    switch (question.ask) {
      case 'peer':
        return { id: link.id, addresses: link.addresses }
      case 'usage':
        return usage()
      case 'relay': {
        node = await startNode({
          role: 'mix',
          network,
          link,
          admission: gate,
          seed,
          family: '',
          directory: directoryOf(question.source, link, question.sink),
          files,
          store: memoryStore(),
          clock: systemClock,
          random,
          log: silent,
          threads: question.threads,
          startThread: sourceThread,
        })
        const name = `packet-${epochAt(network, Date.now())}.key`
        return ((await files.read(name, 64)) as Uint8Array).slice(32)
      }
      case 'counts': {
        const { received, forwarded, dropped } = (node as RunningNode).status().packets
        return { received, forwarded, dropped: { ...dropped } }
      }
      case 'peel':
        return peelUs(question)
      case 'floor':
        return floorUs()
      default:
        throw new Error(`a relay is not asked to ${question.ask}`)
    }
  }
}

/** A consensus in which the source is a gateway, the relay a mix of the first layer and the sink one of the second. */
function directoryOf(source: Peer, relay: Peer, sink: Peer): Directory {
  const nodes = [paperNode(source, -1), paperNode(relay, 0), paperNode(sink, 1)]
  // Without a third layer there is no way round for loops.
  return paperDirectory(paperView(network, nodes, { epoch: epochAt(network, Date.now()) }))
}

/** Packets that are peeled one after the other, again and again. */
const peelPackets = 2000

/** The CPU of peeling one packet and nothing else, microseconds, `perS` of them for so many seconds. */
async function peelUs({ perS, seconds }: Extract<Question, { ask: 'peel' }>): Promise<number> {
  const secret = random(32)
  const all = new Uint8Array(peelPackets * g.packetBytes)
  writePackets(g, { key: x25519PublicKey(secret), next: random(32), first: 0 }, all)
  let peeled = 0
  let cpuUs = 0
  await paced(perS * seconds, perS, until => {
    const before = usage().cpuUs
    for (; peeled < until; peeled++) {
      const at = (peeled % peelPackets) * g.packetBytes
      peel(g, secret, all.subarray(at, at + g.packetBytes), () => false)
    }
    cpuUs += usage().cpuUs - before
  })
  return cpuUs / peeled
}

const floorRounds = 15
const floorTimes = 200

/** The CPU of peeling a packet in its own bytes and of a frame of Noise in each direction, microseconds. */
function floorUs(): number {
  const [secret, key, nonce, none] = [random(32), random(32), random(12), new Uint8Array(0)]
  const all = new Uint8Array(floorTimes * g.packetBytes)
  const views = Array.from({ length: floorTimes }, (_, i) =>
    all.subarray(i * g.packetBytes, (i + 1) * g.packetBytes),
  )
  const fresh = new Uint8Array(all.length)
  writePackets(g, { key: x25519PublicKey(secret), next: random(32), first: 0 }, fresh)
  const sealed = aeadSeal(key, nonce, none, views[0] as Uint8Array)
  let next = 0
  const { peeled, seal, open } = measure(floorRounds, {
    peeled: {
      times: floorTimes,
      prepare() {
        all.set(fresh)
        next = 0
      },
      run() {
        const packet = views[next++] as Uint8Array
        const opened = openHeader(g, secret, packet)
        takeOff(opened, packet)
        discard(opened)
      },
    },
    seal: { times: floorTimes, run: () => aeadSeal(key, nonce, none, views[0] as Uint8Array) },
    open: { times: floorTimes, run: () => aeadOpen(key, nonce, none, sealed) },
  })
  return peeled + seal + open
}

// All three as a node does: a source that collects its garbage keeps the relay's packets waiting
collectSeldom()
const roles: Readonly<Record<string, () => Promise<Answering>>> = { source, relay, sink }
const answer = await (roles[process.argv[2] ?? ''] ?? relay)()
process.on('message', (question: Question) => {
  void (async () => process.send?.(await answer(question)))()
})
process.on('disconnect', () => process.exit())
process.send?.(null)
