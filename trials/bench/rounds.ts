// npm run bench -- rounds [--json] [--quick] [--times 3] [--pictures FOLDER]: what the project's third source document
// measured, preparation, decryption and forwarding, end to end, for 2 to 10 clients and for messages of 10 to 10^6
// bytes: of its own protocol (rounds-source.ts), of our network in rounds, and of our usual one (rounds-networks.ts).
// With --pictures two pictures, as SVG, and as PNG where there is a Chromium.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { mean } from 'simple-statistics'
import { x25519PublicKey } from '#crypto'
import { wholeNumber } from '../../encoding/command-line.ts'
import { largeUserBytes } from '../../simulator/processes/index.ts'
import { chart } from '../../simulator/study/chart.ts'
import { geometry } from '../../sphinx/geometry.ts'
import { peel } from '../../sphinx/peel.ts'
import { findChromium } from '../../world/chromium.ts'
import { systemRandom } from '../../world/random.ts'
import { type Ms, second } from '../../world/units.ts'
import { packetIn } from './client-packet.ts'
import { measure } from './cpu.ts'
import { writePackets } from './relay-packets.ts'
import { deliveries, holdMs, type NetworkName, roundMs } from './rounds-networks.ts'
import { runSourceRound } from './rounds-source.ts'

const systems = ['source', 'rounds', 'default'] as const
type System = (typeof systems)[number]

/** Tells what a message took: means over the times that it was sent, milliseconds. */
export interface RoundsRow {
  readonly system: System
  readonly clients: number
  readonly bytes: number
  /** Boxes or packets that carry it. */
  readonly packets: number
  /** The sender's work. */
  readonly prepareMs: Ms
  /** One mix's work on the message; of the source on all messages of its round, which it lets go together. */
  readonly mixMs: Ms
  /** A mix holds it for so long besides: until the round is complete, or what senders draw in the mean. */
  readonly holdMs: Ms
  readonly endToEndMs: Ms
}

export interface RoundsResult {
  readonly roundMs: Ms
  readonly times: number
  readonly rows: readonly RoundsRow[]
  readonly pictures: readonly string[]
}

interface Plan {
  readonly clients: readonly number[]
  readonly sizes: readonly number[]
  readonly times: number
  /** Length of the source's rounds. */
  readonly roundMs: Ms
}

/** Varied with the clients at this length, and with the length among so few clients. */
const usualBytes = 1000
const fewClients = 2

const whole: Omit<Plan, 'times'> = {
  clients: [2, 3, 4, 5, 6, 7, 8, 9, 10],
  sizes: [10, 100, 1000, 10_000, 100_000, 1_000_000],
  roundMs: roundMs(fewClients),
}
/** Shows that all of it works, in some seconds. */
const quick: Omit<Plan, 'times'> = { clients: [fewClients], sizes: [10, 10_000], roundMs: second / 5 }

export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      times: { type: 'string' },
      pictures: { type: 'string' },
    },
  })
  const of = values.quick ? quick : whole
  const times = wholeNumber('times', values.times ?? (values.quick ? '1' : '3'), 1, 100)
  const result = await measureRounds({ ...of, times }, values.pictures)
  if (values.json) console.log(JSON.stringify(result))
  else {
    console.table(result.rows)
    for (const picture of result.pictures) console.log(picture)
  }
}

/** Measures all, and draws it into a folder where one is named. */
async function measureRounds(plan: Plan, pictures: string | undefined): Promise<RoundsResult> {
  const cost = packetCost()
  const rows: RoundsRow[] = []
  for (const clients of plan.clients) {
    const sizes = clients === fewClients ? [...new Set([...plan.sizes, usualBytes])] : [usualBytes]
    for (const bytes of sizes) rows.push(await ofSource(plan, clients, bytes))
    for (const name of ['rounds', 'default'] as const)
      rows.push(...(await ofNetwork(name, clients, sizes, plan.times, cost)))
    console.error(`${clients} clients: done`)
  }
  const result = { roundMs: plan.roundMs, times: plan.times, rows }
  return { ...result, pictures: pictures === undefined ? [] : draw(rows, resolve(pictures)) }
}

async function ofSource({ times, roundMs }: Plan, clients: number, bytes: number): Promise<RoundsRow> {
  const found = []
  for (let i = 0; i < times; i++) {
    // Evenly spread over a round, as a message may come at any time
    found.push(await runSourceRound({ clients, bytes, roundMs, sentAfter: (i + 0.5) / times }))
  }
  return {
    ...{ system: 'source', clients, bytes, packets: 1 },
    prepareMs: short(mean(found.map(({ prepareMs }) => prepareMs))),
    mixMs: short(mean(found.map(({ mixMs }) => mixMs))),
    holdMs: short(mean(found.map(({ waitedMs }) => waitedMs))),
    endToEndMs: short(mean(found.map(({ endToEndMs }) => endToEndMs))),
  }
}

async function ofNetwork(
  system: NetworkName,
  clients: number,
  sizes: readonly number[],
  times: number,
  cost: { readonly wrapMs: Ms; readonly peelMs: Ms },
): Promise<RoundsRow[]> {
  const found = await deliveries(system, clients, sizes, times, 1)
  return sizes.map(bytes => {
    const of = found.filter(each => each.bytes === bytes)
    const packets = of[0]?.packets ?? Number.NaN
    return {
      ...{ system, clients, bytes, packets },
      prepareMs: short(packets * cost.wrapMs),
      mixMs: short(packets * cost.peelMs),
      holdMs: holdMs(system, clients),
      endToEndMs: short(mean(of.map(({ endToEndMs }) => endToEndMs))),
    }
  })
}

/** Measures the CPU time of a packet: sealed and wrapped by its sender, and one layer taken off by a hop. */
function packetCost(): { readonly wrapMs: Ms; readonly peelMs: Ms } {
  const g = geometry({ suite: 'x25519', hops: 5, userBytes: largeUserBytes })
  const times = 20
  const secret = systemRandom(32)
  const packets = new Uint8Array(times * g.packetBytes)
  writePackets(
    g,
    { key: x25519PublicKey(secret), next: systemRandom(32), first: 0, random: systemRandom },
    packets,
  )
  let next = 0
  const run = (): void => {
    const at = (next++ % times) * g.packetBytes
    peel(g, secret, packets.subarray(at, at + g.packetBytes), () => false)
  }
  const wrap = packetIn(8, g)
  const us = measure(12, { wrap, peel: { times, run } })
  return { wrapMs: us.wrap / 1000, peelMs: us.peel / 1000 }
}

const metrics = [
  ['prepareMs', 'preparation, ms of the sender'],
  ['mixMs', 'decryption and forwarding, ms of one mix'],
  ['endToEndMs', 'end to end, ms'],
] as const

const names: Readonly<Record<System, string>> = {
  source: 'source 3',
  rounds: 'ours, in rounds',
  default: 'ours, usual',
}
const panel = { width: 640, height: 360 } as const

/** Draws each metric by the number of clients, and by the length of messages. @returns the files */
function draw(rows: readonly RoundsRow[], folder: string): string[] {
  mkdirSync(folder, { recursive: true })
  const byClients = rows.filter(({ bytes }) => bytes === usualBytes)
  const bySize = rows.filter(({ clients }) => clients === fewClients)
  const files = [
    {
      name: 'rounds-clients',
      svg: panels(byClients, ({ clients }) => clients, 'clients', 'linear'),
    },
    {
      name: 'rounds-sizes',
      svg: panels(bySize, ({ bytes }) => bytes, 'bytes of the message', 'logarithmic'),
    },
  ]
  return files.flatMap(({ name, svg }) => {
    const file = join(folder, `${name}.svg`)
    writeFileSync(file, `${svg}\n`)
    const png = join(folder, `${name}.png`)
    return [file, ...(photographed(file, png) ? [png] : [])]
  })
}

/** A picture of one panel a metric, one above the other, with lines for the systems. */
function panels(
  rows: readonly RoundsRow[],
  x: (row: RoundsRow) => number,
  label: string,
  axis: 'linear' | 'logarithmic',
): string {
  const drawn = metrics.map(([metric, says], i) => {
    const lines = systems.map(system => ({
      name: names[system],
      points: rows.filter(row => row.system === system).map(row => ({ x: x(row), y: row[metric], error: 0 })),
    }))
    const svg = chart(lines, { x: label, y: says }, { x: axis, y: 'logarithmic' })
    const place = `y="${i * panel.height}" width="${panel.width}" height="${panel.height}" `
    return svg.replace('<svg ', `<svg ${place}`)
  })
  const [width, height] = [panel.width, metrics.length * panel.height]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<title>What a message takes, by ${label}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>${drawn.join('')}</svg>`,
  ].join('')
}

const photographWithinMs = 60 * second

/** Has a Chromium draw a picture. @returns false where there is none, or it did not */
function photographed(svg: string, png: string): boolean {
  const chromium = findChromium()
  if (chromium === undefined) {
    console.error('no PNG: no Chromium here (apt-get install chromium, or CHROMIUM=FILE)')
    return false
  }
  const profile = mkdtempSync(join(tmpdir(), 'chaffinch-chromium-'))
  rmSync(png, { force: true })
  const size = `--window-size=${panel.width},${metrics.length * panel.height}`
  const options = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', size]
  const { error } = spawnSync(
    chromium,
    [...options, `--user-data-dir=${profile}`, `--screenshot=${png}`, `file://${svg}`],
    { stdio: 'ignore', timeout: photographWithinMs },
  )
  rmSync(profile, { recursive: true, force: true })
  if (existsSync(png)) return true
  console.error(`no PNG: Chromium drew none${error === undefined ? '' : ` (${error.message})`}`)
  return false
}

function short(value: number): number {
  return Math.round(1000 * value) / 1000
}
