// One of the processes of the gateway's measurement: the gateway, libp2p alone, or the clients. Asked over the
// channel to its parent, one question at a time.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noise } from '@chainsafe/libp2p-noise'
import type { Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { ed25519PublicKey, ed25519Sign, x25519PublicKey } from '#crypto'
import { epochAt } from '../../directory/documents/network.ts'
import { defaultParameters } from '../../directory/documents/parameters.ts'
import type { Directory } from '../../directory/documents/view.ts'
import { FrameReader, writeFrame } from '../../link/frame.ts'
import { cellProtocol } from '../../link/libp2p/cells.ts'
import { startHost } from '../../link/libp2p/host.ts'
import type { Host, Peer } from '../../link/link.ts'
import {
  mailboxProtocol,
  pageBytes,
  proofMessage,
  readGreeting,
  requestBytes,
  writeRequest,
} from '../../link/protocol/mailbox.ts'
import { folderFiles } from '../../node/files.ts'
import { startNode } from '../../node/node.ts'
import { admission } from '../../node/routes.ts'
import { paperDirectory, paperNetwork, paperNode, paperView } from '../../simulator/paper.ts'
import { body } from '../../sphinx/body.ts'
import { geometry } from '../../sphinx/geometry.ts'
import { makeReplyBlock } from '../../sphinx/reply.ts'
import { wrap } from '../../sphinx/wrap.ts'
import { systemClock } from '../../world/clock.ts'
import { silent } from '../../world/log.ts'
import { systemRandom as random } from '../../world/random.ts'
import { openStore } from '../../world/store.ts'
import { second } from '../../world/units.ts'
import type { Answer, Question, Usage } from './gateway.ts'

const g = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })
const { pageEntries: places, bulletinPageBytes: boardBytes } = defaultParameters
const largestAnswer = pageBytes({ places, payloadBytes: g.payloadBytes, boardBytes })
const listen = ['/ip4/127.0.0.1/tcp/0']

/** One long epoch: keys do not change while it is measured. */
const network = paperNetwork({ name: 'bench', genesis: Date.now() - 60 * second, epochMs: 3600 * second })

type Answering = (question: Question) => Answer | Promise<Answer>

function usage(): Usage {
  globalThis.gc?.()
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed } = process.memoryUsage()
  return { cpuUs: user + system, rssKiB: rss / 1024, heapKiB: heapUsed / 1024 }
}

/** As `chaffinch gateway` runs it, mailboxes on disk; only its consensus is not fetched but made here. */
async function gateway(): Promise<Answering> {
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const files = await folderFiles(join(folder, 'keys'), systemClock)
  const store = await openStore(join(folder, 'store'))
  const gate = admission('gateway')
  const seed = random(32)
  const link = await startHost({
    seed,
    listen,
    cellBytes: g.packetBytes,
    clock: systemClock,
    log: silent,
    random,
    admits: gate.admits,
    role: 'node',
    // Clients come at once here, from one machine.
    limits: { connections: 2500, connectionsPerSecond: 1000, handshakeMs: 60 * second, dialMs: 60 * second },
  })
  let stored = (): number => 0
  return async question => {
    switch (question.ask) {
      case 'start': {
        const node = await startNode({
          role: 'gateway',
          network,
          link,
          admission: gate,
          seed,
          family: '',
          directory: directoryOf(link, question.mix),
          files,
          store,
          clock: systemClock,
          random,
          log: silent,
          threads: 0,
        })
        stored = () => node.status().packets.stored
        const name = `packet-${epochAt(network, Date.now())}.key`
        const key = ((await files.read(name, 64)) as Uint8Array).slice(32)
        return { id: link.id, addresses: link.addresses, key }
      }
      case 'usage':
        return usage()
      case 'stored':
        return stored()
      default:
        throw new Error(`a gateway is not asked to ${question.ask}`)
    }
  }
}

/** libp2p as it comes, with room for the clients; it answers what a gateway would, in length. */
async function bare(): Promise<Answering> {
  const host = await createLibp2p({
    addresses: { listen },
    transports: [tcp({ backlog: 512 })],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: {
      maxConnections: 5000,
      inboundConnectionThreshold: 5000,
      inboundUpgradeTimeout: 60 * second,
      maxIncomingPendingConnections: 1000,
    },
    connectionMonitor: { enabled: false },
  })
  let cells = 0
  const answer = writeFrame(new Uint8Array(largestAnswer))
  await host.handle(mailboxProtocol, stream => {
    onRequest(stream, () => void stream.send(answer))
  })
  await host.handle(cellProtocol, stream => {
    let bytes = 0
    let shown = performance.now()
    stream.send(Uint8Array.of(1))
    stream.addEventListener('message', ({ data }) => {
      bytes += data.byteLength
      cells += Math.floor(bytes / g.packetBytes)
      bytes %= g.packetBytes
      if (performance.now() - shown < second) return
      shown = performance.now()
      stream.send(Uint8Array.of(1))
    })
  })
  return question => {
    switch (question.ask) {
      case 'start': {
        const own = `/p2p/${host.peerId.toString()}`
        const addresses = host.getMultiaddrs().map(address => address.toString().replace(own, ''))
        const id = host.peerId.type === 'Ed25519' ? host.peerId.publicKey.raw : new Uint8Array(32)
        return { id, addresses, key: new Uint8Array(32).fill(9) }
      }
      case 'usage':
        return usage()
      case 'stored':
        return cells
      default:
        throw new Error(`libp2p is not asked to ${question.ask}`)
    }
  }
}

/** Calls `run` for each request that came whole. */
function onRequest(stream: Stream, run: () => void): void {
  let reader = new FrameReader('request', requestBytes)
  stream.addEventListener('message', ({ data }) => {
    for (const chunk of data instanceof Uint8Array ? [data] : data) {
      if (reader.push(chunk) === undefined) continue
      reader = new FrameReader('request', requestBytes)
      run()
    }
  })
}

/** A consensus of the gateway and one mix, which brings the mail. */
function directoryOf(own: Peer, mix: Peer): Directory {
  return paperDirectory(
    paperView(network, [paperNode(own, -1), paperNode(mix, 2)], { epoch: epochAt(network, Date.now()) }),
  )
}

interface Owner {
  readonly host: Host
  readonly seed: Uint8Array
  readonly key: Uint8Array
}

const atOnce = 16
const options = { timeoutMs: 60 * second, maxBytes: largestAnswer + 1000 }

/** All clients, and the mix that brings their mail. */
async function crowd(): Promise<Answering> {
  const owners: Owner[] = []
  const common = { clock: systemClock, log: silent, random, cellBytes: g.packetBytes }
  // Idle means idle: nobody hangs up while it is measured.
  const limits = { connectionIdleMs: 3600 * second, dialMs: 60 * second }
  const mix = await startHost({
    ...common,
    seed: undefined,
    listen,
    admits: () => true,
    role: 'node',
    limits,
  })
  return async question => {
    switch (question.ask) {
      case 'make':
        for (let i = 0; i < question.count; i++) {
          const seed = random(32)
          const host = await startHost({
            ...common,
            seed: undefined,
            listen: [],
            admits: () => false,
            role: 'client',
            limits,
            ...(process.platform === 'linux' ? { localAddress: `127.${1 + (i >> 8)}.${i & 255}.1` } : {}),
          })
          owners.push({ host, seed, key: ed25519PublicKey(seed) })
        }
        return { id: mix.id, addresses: mix.addresses }
      case 'connect':
        await inTurns(owners, async ({ host }) => {
          await host.request(question.to, mailboxProtocol, writeRequest({ t: 'hello' }), options)
        })
        return null
      case 'open':
        await inTurns(owners.slice(0, question.count), owner => open(owner, question.to))
        return null
      case 'send':
        await send(mix, owners, question)
        return null
      case 'fetch':
        await Promise.all(
          owners.slice(0, question.count).map(({ host }) => fetch(host, question.to, question.each)),
        )
        return null
      default:
        throw new Error(`clients are not asked to ${question.ask}`)
    }
  }
}

async function inTurns(owners: readonly Owner[], run: (owner: Owner) => Promise<void>): Promise<void> {
  const left = [...owners]
  const turn = async (): Promise<void> => {
    for (let owner = left.pop(); owner !== undefined; owner = left.pop()) await run(owner)
  }
  await Promise.all(Array.from({ length: atOnce }, turn))
}

/** hello, and the proof that the mailbox is one's own; what is no gateway answers with a page. */
async function open({ host, seed, key }: Owner, to: Peer): Promise<void> {
  const hello = await host.request(to, mailboxProtocol, writeRequest({ t: 'hello' }), options)
  if (hello.length === largestAnswer) return
  const proof = ed25519Sign(seed, proofMessage(to.id, host.id, readGreeting(hello).nonce))
  const opened = await host.request(to, mailboxProtocol, writeRequest({ t: 'open', key, proof }), options)
  const { status } = readGreeting(opened)
  if (status !== 'ok') throw new Error(`bench: the gateway opens no mailbox: ${status}`)
}

async function fetch(host: Host, to: Peer, times: number): Promise<void> {
  const request = writeRequest({ t: 'read', after: 0, done: 0, board: 0, boardOffset: 0 })
  for (let i = 0; i < times; i++) await host.request(to, mailboxProtocol, request, options)
}

/** Mail for those who read, in turn, each with its acknowledgement block; as fast as it is taken. */
async function send(
  mix: Host,
  owners: readonly Owner[],
  { to, key, count }: Extract<Question, { ask: 'send' }>,
): Promise<void> {
  const hop = { id: to.id, key, delayMs: 0 }
  const back = { id: mix.id, key: x25519PublicKey(random(32)), delayMs: 0 }
  const reply = { recipient: new Uint8Array(32).fill(8), replyId: new Uint8Array(16) }
  const { block: ack } = makeReplyBlock(g, [back], reply, random)
  const plain = body(g, { flags: 0, ack, user: random(g.userBytes) })
  const readers = Math.min(100, owners.length)
  for (let i = 0; i < count; i++) {
    const owner = owners[i % readers] as Owner
    mix.send(to, wrap(g, [hop], owner.key, plain, random))
    if (i % 100 === 0) await new Promise(resolve => setTimeout(resolve, 0))
  }
}

const roles: Readonly<Record<string, () => Promise<Answering>>> = { gateway, bare, clients: crowd }
const answer = (roles[process.argv[2] ?? ''] ?? crowd)()
process.on('message', (question: Question) => {
  void (async () => process.send?.(await (await answer)(question)))()
})
process.on('disconnect', () => process.exit())
