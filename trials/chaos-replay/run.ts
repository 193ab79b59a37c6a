// The lives of one node: in each it is handed new packets and old ones, until it is killed.

import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { epochAt, epochStart, graceMs } from '../../directory/documents/network.ts'
import { below, fraction, type Random, shuffle } from '../../world/random.ts'
import type { Life } from './child.ts'
import type { Invariant } from './invariants.ts'
import { type Newborn, newborn } from './process.ts'
import { replayWorld } from './world.ts'

/** Counts what happened so far. */
export interface Counts {
  kills: number
  packets: number
  copies: number
  epochs: number
  machineStarts: number
  fullDisks: number
  refusedFull: number
}

export interface ReplayRun {
  readonly counts: Counts
  /** Packets that left the node, and how many of them did so more than once. */
  outputs(): { accepted: number; twice: number }
  /** Ends in SIGKILL. */
  killedLife(): Promise<void>
  /** Nobody disturbs it: all new packets must leave, and no old one. */
  quietLife(): Promise<void>
  /** The store has room for fewer tags than come; then the node is killed and all comes again. */
  fullLife(): Promise<void>
  close(): void
}

const digestBytes = 32
/** New packets of a life; of each, so many copies in the same life. */
const newPackets = 24
const copiesAtOnce = 2
/** Packets of so many lives come again in each. */
const livesKept = 3
/**
 * A kill comes when a drawn number of packets have left, or after so long at most; of so many one comes while it
 * starts.
 */
const longestLifeMs = 1500
const oneKillEarly = 6
const longestStartMs = 100
/** A node that is left alone may take this long. */
const patienceMs = 20_000
const unlimited = 2 ** 40
/** Room that a full store has, and what comes beyond it. */
const roomOfFull = 40
const beyondFull = 25

export function replayRun(options: {
  folder: string
  random: Random
  defect: string | undefined
  violated: (invariant: Invariant, why: string) => void
}): ReplayRun {
  const { folder, random, defect, violated } = options
  const out = join(folder, 'left')
  const keys = join(folder, 'keys')
  closeSync(openSync(out, 'w'))
  const { about, packet } = replayWorld(random, Date.now())
  const { network } = about
  const counts: Counts = {
    kills: 0,
    packets: 0,
    copies: 0,
    epochs: 0,
    machineStarts: 0,
    fullDisks: 0,
    refusedFull: 0,
  }
  let aheadMs = 0
  let diskBytes = unlimited
  let retired = false
  const now = (): number => Date.now() + aheadMs
  /** Packets of the latest lives, the oldest life first. */
  const lives: Uint8Array[][] = []
  let told = 0
  let next = newborn()

  /** A loaded process waits for its life, so that a life begins at once. */
  async function begin(tagsPerKey = unlimited): Promise<Newborn> {
    const child = next
    next = newborn()
    await child.loaded
    const life: Life = {
      ...about,
      folder: keys,
      out,
      aheadMs,
      boot: `start ${counts.machineStarts}`,
      tagsPerKey,
      diskBytes,
      defect,
    }
    child.process.send(life)
    return child
  }

  /** The next life's time, disk and machine. */
  function accidents(): void {
    diskBytes = unlimited
    if (retired) toNewKeys()
    const draw = fraction(random)
    if (draw < 0.12) toNextEpoch(below(random, graceMs(network)))
    else if (draw < 0.18) startMachine()
    else if (draw < 0.26) {
      counts.fullDisks++
      diskBytes = below(random, newPackets) * digestBytes
    }
  }

  /** Near the start of an epoch, packets of the one before still come in. */
  function toNextEpoch(intoMs: number): void {
    aheadMs += epochStart(network, epochAt(network, now()) + 1) + intoMs - now()
    counts.epochs++
  }

  /** To where no journal is yet: the machine's start has retired the keys of two epochs. */
  function toNewKeys(): void {
    toNextEpoch(graceMs(network))
    toNextEpoch(graceMs(network))
    retired = false
  }

  /**
   * Starts the machine again. What was appended to the journals was not synced: an end of each is gone. Its first
   * record is kept.
   */
  function startMachine(): void {
    counts.machineStarts++
    retired = true
    for (const name of existsSync(keys) ? readdirSync(keys) : []) {
      if (!name.endsWith('.tags')) continue
      const path = join(keys, name)
      truncateSync(path, digestBytes + below(random, statSync(path).size - digestBytes + 1))
    }
  }

  /** For the node's key of this epoch, which its folder has once it has lived. */
  function makePackets(count: number): Uint8Array[] {
    const epoch = epochAt(network, now())
    const file = join(keys, `packet-${epoch}.key`)
    if (!existsSync(file)) return []
    const key = new Uint8Array(readFileSync(file).subarray(32))
    counts.packets += count
    return Array.from({ length: count }, () => packet(key))
  }

  function comeAgain(fresh: readonly Uint8Array[]): Uint8Array[] {
    const old = lives.flat()
    const copies = Array.from({ length: copiesAtOnce }, () => fresh).flat()
    counts.copies += old.length + copies.length
    return shuffle(random, [...old, ...copies])
  }

  function remember(fresh: Uint8Array[]): void {
    lives.push(fresh)
    if (lives.length > livesKept) lives.shift()
  }

  function outputs(): { accepted: number; twice: number } {
    const bytes = readFileSync(out)
    const times = new Map<string, number>()
    for (let at = 0; at + digestBytes <= bytes.length; at += digestBytes) {
      const name = bytes.toString('latin1', at, at + digestBytes)
      times.set(name, (times.get(name) ?? 0) + 1)
    }
    return { accepted: times.size, twice: [...times.values()].filter(n => n > 1).length }
  }

  function check(life: string): void {
    const { twice } = outputs()
    if (twice > told) violated('once', `${twice - told} packets left again in ${life}`)
    told = twice
  }

  /** @returns how many different packets left while this ran */
  async function leaving(run: () => Promise<void>): Promise<number> {
    const before = outputs().accepted
    await run()
    return outputs().accepted - before
  }

  async function handOver(child: Newborn, packets: readonly Uint8Array[]): Promise<void> {
    for (const packet of packets) child.process.stdin?.write(packet)
    const until = Date.now() + patienceMs
    child.received += packets.length
    for (;;) {
      const status = await child.status()
      if (status === undefined) return violated('alive', `it ended by itself: ${child.ended()}`)
      const { received, forwarded, stored, served, held } = status.packets
      const dropped = Object.values(status.packets.dropped).reduce((sum, n) => sum + n, 0)
      if (received !== forwarded + stored + served + dropped + held)
        return violated('sums', `${received} received: ${JSON.stringify(status.packets)}`)
      if (received === child.received && held === 0) return
      if (Date.now() > until) return violated('new-pass', `not over: ${JSON.stringify(status.packets)}`)
      await pause(5)
    }
  }

  async function kill(child: Newborn): Promise<void> {
    if (child.ended() !== undefined) violated('alive', `it ended by itself: ${child.ended()}`)
    else counts.kills++
    child.process.kill('SIGKILL')
    await child.gone
  }

  return {
    counts,
    outputs,
    async killedLife() {
      accidents()
      const fresh = makePackets(newPackets)
      const packets = shuffle(random, [...fresh, ...comeAgain(fresh)])
      const child = await begin()
      const isEarly = below(random, oneKillEarly) === 0
      // The first life makes the keys that packets are for.
      if (fresh.length === 0) await child.ready
      const killAt = Date.now() + (isEarly ? below(random, longestStartMs) : longestLifeMs)
      const wanted = statSync(out).size + digestBytes * below(random, newPackets)
      while (Date.now() < killAt && (isEarly || (fresh.length > 0 && statSync(out).size <= wanted))) {
        for (const packet of packets.splice(0, 1 + below(random, 20))) child.process.stdin?.write(packet)
        await pause(below(random, 4))
      }
      await kill(child)
      remember(fresh)
      check(`life ${counts.kills}`)
    },
    async quietLife() {
      diskBytes = unlimited
      toNewKeys()
      const child = await begin()
      await child.ready
      const fresh = makePackets(newPackets)
      const old = comeAgain([])
      const left = await leaving(() => handOver(child, shuffle(random, [...fresh, ...old])))
      if (left !== fresh.length) violated('new-pass', `of ${fresh.length} new packets ${left} left`)
      remember(fresh)
      await kill(child)
      check('the quiet life')
    },
    async fullLife() {
      const tagsPerKey = newPackets + roomOfFull
      toNewKeys()
      for (const again of [false, true]) {
        const child = await begin(tagsPerKey)
        await child.ready
        const fresh = makePackets(again ? beyondFull : tagsPerKey + beyondFull)
        const left = await leaving(() => handOver(child, [...fresh, ...comeAgain(fresh)]))
        const want = again ? 0 : tagsPerKey
        const refused = (await child.status())?.packets.dropped.REPLAY_FULL ?? 0
        counts.refusedFull += refused
        if (left !== want) violated('full-refuses', `${left} packets left, not ${want}`)
        if (refused < beyondFull) violated('full-refuses', `only ${refused} are counted as refused`)
        remember(fresh)
        await kill(child)
        check('a life with a full store')
      }
    },
    close: () => void next.process.kill('SIGKILL'),
  }
}
