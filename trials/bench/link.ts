// npm run bench -- link [--json] [--rounds 15]: what a cell of the default geometry costs the link, both ends together,
// from host to host over TCP, Noise and Yamux on loopback: with Noise over the backend of packets, and over what the
// package takes by itself. Two pairs of hosts in one process, whose rounds take turns, so that a slow moment of the
// machine strikes both alike. Times are CPU microseconds of the process.

import { parseArgs } from 'node:util'
import { median } from 'simple-statistics'
import { wholeNumber } from '../../encoding/command-line.ts'
import { startHost } from '../../link/libp2p/host.ts'
import { type NoiseMaker, nativeNoise, packageNoise } from '../../link/libp2p/noise.ts'
import type { Host } from '../../link/link.ts'
import { collectSeldom } from '../../roles/collecting.ts'
import { geometry } from '../../sphinx/geometry.ts'
import { systemClock } from '../../world/clock.ts'
import { silent } from '../../world/log.ts'
import { systemRandom as random } from '../../world/random.ts'

const { packetBytes: cellBytes } = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })

/** Cells that one message carries. Three frames of Noise of 16 KiB and more seal what 30 of them have. */
const turns = [1, 4, 30] as const
/** Cells of a round, so that it takes some tens of milliseconds. */
const roundCells = 1200

const makers: Readonly<Record<Noise, NoiseMaker>> = { native: nativeNoise, package: packageNoise }
const kinds = ['native', 'package'] as const
type Noise = (typeof kinds)[number]

/** Holds what one number of cells a turn costs. */
interface Figures {
  /** CPU of both ends for a cell, with Noise over sodium-native. */
  readonly nativeUs: number
  /** The same with what the package takes by itself: node:crypto, or WebAssembly for short frames. */
  readonly packageUs: number
  /** The first in the second: the median over rounds of two that followed each other. */
  readonly ratio: number
}

interface Result {
  readonly cellBytes: number
  /** By the cells of a turn: so many are sent, and the next turn begins when all of them have come. */
  readonly perTurn: Readonly<Record<string, Figures>>
}

/** Two hosts of which one sends to the other. */
interface Pair {
  /** @returns CPU microseconds a cell, of so many cells in turns of `perTurn` */
  cpuUs(perTurn: number, cells: number): Promise<number>
  close(): Promise<void>
}

export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '15' } },
  })
  const rounds = wholeNumber('rounds', values.rounds, 1, 1000)
  // as a node does
  collectSeldom()
  const pairs = { native: await openPair(makers.native), package: await openPair(makers.package) }
  try {
    const perTurn: Record<string, Figures> = {}
    for (const cells of turns) perTurn[cells] = await compare(pairs, cells, rounds)
    const result: Result = { cellBytes, perTurn }
    if (values.json) console.log(JSON.stringify(result))
    else {
      console.log(`cells of ${cellBytes} bytes, CPU microseconds a cell, both ends; by cells a turn`)
      console.table(perTurn)
    }
  } finally {
    for (const kind of kinds) await pairs[kind].close()
  }
}

async function compare(
  pairs: Readonly<Record<Noise, Pair>>,
  perTurn: number,
  rounds: number,
): Promise<Figures> {
  const samples: Record<Noise, number[]> = { native: [], package: [] }
  // the first two warm the compiler up and do not count
  for (let round = -2; round < rounds; round++)
    for (const kind of kinds) {
      const us = await pairs[kind].cpuUs(perTurn, roundCells)
      if (round >= 0) samples[kind].push(us)
    }
  const ratios = samples.native.map((us, i) => us / (samples.package[i] as number))
  return {
    nativeUs: hundredths(median(samples.native)),
    packageUs: hundredths(median(samples.package)),
    ratio: hundredths(median(ratios)),
  }
}

async function openPair(noise: NoiseMaker): Promise<Pair> {
  const [from, to] = [await open(noise), await open(noise)]
  const peer = { id: to.id, addresses: to.addresses }
  let missing = 0
  let whole = (): void => {}
  to.onCells((_from, cells) => {
    missing -= cells.length
    if (missing === 0) whole()
  })
  const cell = random(cellBytes)
  const turn = (cells: number): Promise<void> =>
    new Promise(resolve => {
      missing = cells
      whole = resolve
      for (let i = 0; i < cells; i++) from.send(peer, cell.slice())
    })
  return {
    async cpuUs(perTurn, cells) {
      const before = process.cpuUsage()
      for (let sent = 0; sent < cells; sent += perTurn) await turn(perTurn)
      const { user, system } = process.cpuUsage(before)
      return (user + system) / cells
    },
    async close() {
      await from.close()
      await to.close()
    },
  }
}

function open(noise: NoiseMaker): Promise<Host> {
  return startHost({
    seed: random(32),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    cellBytes,
    clock: systemClock,
    log: silent,
    random,
    admits: () => true,
    role: 'node',
    noise,
  })
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100
}
