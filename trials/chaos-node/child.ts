// A process of `npm run chaos -- node`: the program of its role as an operator starts it, and around what it stands on
// what the run asks for: the digests of all cells that leave it, a full disk, a planted defect; or the ways of a node
// or a client that is nobody's friend. What it is stands in chaos.json beside its configuration.

import { createHash } from 'node:crypto'
import { openSync, readFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ClientOptions } from '../../client/connect.ts'
import { hex } from '../../encoding/bytes.ts'
import { startHost } from '../../link/libp2p/host.ts'
import type { Link, Peer } from '../../link/link.ts'
import { NodeError } from '../../node/error.ts'
import type { Files } from '../../node/files.ts'
import { runAuthority } from '../../roles/authority.ts'
import { runClient } from '../../roles/client.ts'
import { type Footing, runNode } from '../../roles/node.ts'
import { geometry } from '../../sphinx/geometry.ts'
import { systemClock } from '../../world/clock.ts'
import { silent } from '../../world/log.ts'
import { systemRandom } from '../../world/random.ts'
import { openStore } from '../../world/store.ts'
import { changedLink } from '../chaos-directory/liar.ts'
import { defects } from './defects.ts'
import { digestBytes, type Order, type Part } from './part.ts'
import { filling } from './store.ts'

/** Cells that a rogue keeps: what its neighbours take in an epoch, and a bit. */
const mostKept = 5000
/** A flood goes on this often. */
const stepMs = 20
/** Cells of garbage that wait for one neighbour. */
const mostQueued = 400
/** The length of what a cell begins with in the clear (docs/spec/sphinx.md 4). */
const adBytes = 2

const [role, , file] = process.argv.slice(2) as [string, string, string]
const folder = dirname(file)
const { part, defect } = JSON.parse(readFileSync(join(folder, 'chaos.json'), 'utf8')) as Part
const planted = part === 'honest' && defect !== undefined ? defects[defect] : undefined

const orders: ((order: Order) => void)[] = []
let isFull = false
orders.push(order => {
  if (order.order === 'disk') isFull = order.full
})
process.on('message', order => {
  for (const take of orders) take(order as Order)
})

let code = 0
try {
  if (role === 'authority') await runAuthority(file)
  else if (role === 'client') await runClient(file, aroundClient)
  else
    await runNode(role as 'mix' | 'gateway', file, footing => aroundNode(footing, role as 'mix' | 'gateway'))
} catch (error) {
  console.error(error)
  code = 1
}
// A link that was handed in is nobody's to close.
if (part === 'flooder' || code !== 0) process.exit(code)

async function aroundNode(footing: Footing, as: 'mix' | 'gateway'): Promise<Footing> {
  if (part === 'rogue') return { ...footing, link: misbehaving(footing.link) }
  const { link, admission } = footing
  const store = filling(footing.store, () => isFull)
  const honest = { link: noting(link), admission, store, files: fillingFiles(footing.files) }
  return (await planted?.node?.(honest, as)) ?? honest
}

async function aroundClient(options: ClientOptions): Promise<ClientOptions> {
  const store = filling(await openStore(options.folder as string), () => isFull)
  if (part === 'flooder') return { ...options, store, link: misbehaving(await clientLink(options)) }
  return (await planted?.client?.({ ...options, store })) ?? { ...options, store }
}

function clientLink({ network, dialFrom }: ClientOptions): Promise<Link> {
  return startHost({
    seed: undefined,
    listen: [],
    cellBytes: geometry(network).packetBytes,
    clock: systemClock,
    log: silent,
    random: systemRandom,
    admits: () => false,
    role: 'client',
    ...(dialFrom === undefined ? {} : { localAddress: dialFrom }),
  })
}

/** Writes down what leaves, by one write(2) each: a kill takes nothing of it back. */
function noting<L extends Link>(link: L): L {
  const left = openSync(join(folder, 'left'), 'a')
  return changedLink(link, {
    send(to, cell) {
      writeSync(left, createHash('sha256').update(cell).digest().subarray(0, digestBytes))
      return link.send(to, cell)
    },
  })
}

function fillingFiles(files: Files): Files {
  const check = (name: string): void => {
    if (isFull) throw new NodeError('FOLDER', `${name}: ENOSPC`)
  }
  return {
    ...files,
    write: async (name, bytes) => {
      check(name)
      await files.write(name, bytes)
    },
    journal: async (name, ...sizes) => {
      const journal = await files.journal(name, ...sizes)
      return {
        ...journal,
        append: async records => {
          check(name)
          await journal.append(records)
        },
      }
    },
  }
}

/** Does what it should, and what it is ordered to. */
function misbehaving<L extends Link>(link: L): L {
  const kept: { to: Peer; cell: Uint8Array }[] = []
  const known = new Map<string, Peer>()
  let cellBytes = 0
  orders.push(order => {
    if (order.order === 'replay') for (const { to, cell } of kept) link.send(to, cell.slice())
    if (order.order === 'flood') sendFor(order.ms, known.values(), () => (order.perSecond * stepMs) / 1000)
    const to = order.order === 'garbage' ? known.get(order.to) : undefined
    if (order.order === 'garbage' && to !== undefined) sendFor(order.ms, [to], () => roomFor(order.to))
  })

  /** In each step so many cells to each. */
  function sendFor(ms: number, to: Iterable<Peer>, cells: () => number): void {
    const [until, all] = [Date.now() + ms, [...to]]
    const timer = setInterval(() => {
      if (Date.now() > until) return clearInterval(timer)
      for (const peer of all) for (let i = cells(); i > 0; i--) link.send(peer, garbage())
    }, stepMs)
  }

  /** The queue is never empty, and what it ought to send finds room in it. */
  function roomFor(neighbour: string): number {
    const queue = link.neighbours().find(({ id }) => hex(id) === neighbour)
    return Math.max(0, mostQueued - (queue?.queued ?? 0))
  }

  /** So much like a cell that it is found out by its MAC. */
  function garbage(): Uint8Array {
    const cell = systemRandom(cellBytes)
    cell.set(kept[0]?.cell.subarray(0, adBytes) ?? [])
    return cell
  }

  return changedLink(link, {
    send(to, cell) {
      known.set(hex(to.id), to)
      cellBytes = cell.length
      kept.push({ to, cell: cell.slice() })
      if (kept.length > mostKept) kept.shift()
      return link.send(to, cell)
    },
  })
}
