// The node that `npm run chaos -- replay` kills: a mix as startNode makes it, on a folder on disk. Packets come in on
// standard input, one behind the other; the digest of each that leaves is appended to a file by one write(2), so that a
// kill takes back nothing. It is told what to be over the channel to its parent.

import { createHash } from 'node:crypto'
import { openSync, writeSync } from 'node:fs'
import type { Network } from '../../directory/documents/network.ts'
import type { Directory, View } from '../../directory/documents/view.ts'
import { hex } from '../../encoding/bytes.ts'
import { emptyTable } from '../../link/dht.ts'
import { noGossip } from '../../link/gossip.ts'
import type { NodeLink } from '../../link/link.ts'
import { NodeError } from '../../node/error.ts'
import { type Files, folderFiles } from '../../node/files.ts'
import { startNode } from '../../node/node.ts'
import { admission } from '../../node/routes.ts'
import type { NodeStatus } from '../../node/status.ts'
import { paperDirectory } from '../../simulator/paper.ts'
import { geometry } from '../../sphinx/geometry.ts'
import { type Clock, systemClock } from '../../world/clock.ts'
import { silent } from '../../world/log.ts'
import { systemRandom } from '../../world/random.ts'
import { memoryStore } from '../../world/store.ts'
import { defects } from './defects.ts'

/** Describes a node in one of its lives. */
export interface Life {
  readonly network: Network
  /** The views of all epochs, without `nodes`, which is made of the others. */
  readonly view: View
  readonly id: Uint8Array
  /** From whom packets come. */
  readonly from: Uint8Array
  readonly folder: string
  readonly out: string
  /** By how much its clock is ahead of this machine's, milliseconds. */
  readonly aheadMs: number
  /** The name of the machine's start. */
  readonly boot: string
  readonly tagsPerKey: number
  /** The disk takes so many bytes of tags in this life. */
  readonly diskBytes: number
  readonly defect: string | undefined
}

export type Told =
  | { readonly at: 'loaded' | 'ready' }
  | { readonly at: 'status'; readonly status: NodeStatus }

const tell = (told: Told): void => void process.send?.(told)

process.once('message', life => {
  process.once('disconnect', () => process.exit(0))
  void live(life as Life)
})
tell({ at: 'loaded' })

async function live(life: Life): Promise<void> {
  const { network, id, tagsPerKey } = life
  const g = geometry(network)
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + life.aheadMs }
  const files = { ...(await folderFiles(life.folder, clock)), boot: life.boot }
  const plain = { files: fillingDisk(files, life.diskBytes), limits: { tagsPerKey } }
  const defect = life.defect === undefined ? undefined : defects[life.defect]
  const { link, deliver } = fileLink(id, life.out)
  const node = await startNode({
    role: 'mix',
    network,
    link,
    admission: admission('mix'),
    seed: new Uint8Array(32),
    family: '',
    directory: alwaysThe(life.view, clock),
    store: memoryStore(),
    clock,
    random: systemRandom,
    log: silent,
    ...(defect === undefined ? plain : defect(plain)),
  })
  process.on('message', () => tell({ at: 'status', status: node.status() }))
  readCells(g.packetBytes, cells => deliver(life.from, cells))
  tell({ at: 'ready' })
}

/** One view for every epoch. */
function alwaysThe(view: View, clock: Clock): Directory {
  const all = [...view.layers.flat(), ...view.gateways]
  const whole = { ...view, nodes: new Map(all.map(node => [hex(node.id), node])) }
  const end = clock.now() + 2 ** 40
  const lasting: View = { ...whole, freshUntil: end, validUntil: end }
  return { ...paperDirectory(lasting), view: () => lasting }
}

function fileLink(
  id: Uint8Array,
  out: string,
): { link: NodeLink; deliver: (from: Uint8Array, cells: readonly Uint8Array[]) => void } {
  const file = openSync(out, 'a')
  let deliver: (from: Uint8Array, cells: readonly Uint8Array[]) => void = () => {}
  const link: NodeLink = {
    id,
    addresses: [],
    dht: emptyTable,
    gossip: () => noGossip,
    send(_, cell) {
      writeSync(file, createHash('sha256').update(cell).digest())
      return true
    },
    onCells: handler => {
      deliver = handler
    },
    request: () => Promise.reject(new Error('nobody to ask')),
    serve: () => {},
    onGone: () => {},
    keepNeighbours: () => {},
    judge: () => false,
    rankPeers: () => {},
    isConnected: () => true,
    shut: () => ({ times: 0, out: [] }),
    neighbours: () => [],
    flush: async () => {},
    close: async () => {},
  }
  return { link, deliver: (from, cells) => deliver(from, cells) }
}

function readCells(cellBytes: number, onCells: (cells: readonly Uint8Array[]) => void): void {
  let rest = Buffer.alloc(0)
  process.stdin.on('data', (chunk: Buffer) => {
    const bytes = Buffer.concat([rest, chunk])
    const whole = bytes.length - (bytes.length % cellBytes)
    rest = bytes.subarray(whole)
    const cells: Uint8Array[] = []
    for (let at = 0; at < whole; at += cellBytes)
      cells.push(new Uint8Array(bytes.subarray(at, at + cellBytes)))
    if (cells.length > 0) onCells(cells)
  })
}

/** A disk with room for so many bytes of tags: what does not fit is written in part, and refused. */
function fillingDisk(files: Files, room: number): Files {
  let left = room
  return {
    ...files,
    journal: async (name, ...sizes) => {
      const journal = await files.journal(name, ...sizes)
      return {
        ...journal,
        append: async records => {
          if (records.length > left) throw new NodeError('FOLDER', `${name}: ENOSPC`)
          left -= records.length
          await journal.append(records)
        },
      }
    },
  }
}
