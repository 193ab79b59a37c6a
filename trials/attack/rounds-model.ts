// A cascade that mixes in rounds, and what somebody who sees all its links can conclude of who wrote each message
// (docs/spec/simulator.md 5): each packet carries the distribution of its senders as that observer has it. Batching,
// padding and dummies can each be off, and mixes can be the observer's. The strategy of nodes is production code.

import { Dice } from '../../hiding/dice.ts'
import { type VotedStrategy, votedStrategy } from '../../node/mixing/voted.ts'
import { seededRandom } from '../../world/random.ts'

/** Which defences are on, and how many of the mixes tell the observer which packet is which. */
export interface Defences {
  /** Mixes hold packets for a round; else each leaves as it comes. */
  readonly batching: boolean
  /** Packets have one size; else that of their message. */
  readonly padding: boolean
  /** Clients send also where they have nothing to say. */
  readonly dummies: boolean
  readonly corrupt: number
}

export interface Scene {
  readonly clients: number
  readonly rounds: number
  /** The probability with which a client has something to say in a round. */
  readonly speaks: number
  readonly seed: number
}

/** Counts how often the observer named the one who wrote a message. */
export interface Guesses {
  readonly right: number
  readonly messages: number
}

interface Packet {
  readonly from: number
  readonly bytes: number
  readonly isMessage: boolean
  readonly delayMs: number
  /** For each client the probability that it sent this packet. */
  shares: Float64Array
}

interface Mix {
  readonly hold: VotedStrategy<Packet>
  readonly isCorrupt: boolean
  /** By size, of what is held: the sum of shares, and of how many. */
  readonly inside: Map<number, { readonly shares: Float64Array; held: number }>
}

const mixesInCascade = 3
const roundMs = 1000
/** Until the first batch has passed all mixes. */
const settleRounds = 5
/** Bytes: what a message has, on a logarithmic scale, and what every packet has where they are padded. */
const sizes = { shortest: 10, longest: 2000, padded: 2000 } as const

/** Runs a scene, and has the observer guess once for each message that comes out. */
export function guessSenders(scene: Scene, defences: Defences): Guesses {
  const { clients, rounds, speaks, seed } = scene
  const dice = new Dice(seed, 1)
  const guess = new Dice(seed, 2)
  let now = 0
  const numbers = { batchPackets: clients, batchMs: roundMs, poolPackets: 1, poolPercent: 50 }
  const mixes = Array.from({ length: mixesInCascade }, (_, i): Mix => {
    const hold = votedStrategy<Packet>({
      random: seededRandom(mixesInCascade * seed + i),
      limit: 1000 * clients,
      wall: () => now,
    })
    hold.follow('round', numbers, now)
    return { hold, isCorrupt: i < defences.corrupt, inside: new Map() }
  })
  let right = 0
  let messages = 0
  const exit = ({ isMessage, from, shares }: Packet, round: number): void => {
    if (!isMessage || round < settleRounds) return
    messages++
    if (likeliest(shares, guess) === from) right++
  }
  for (let round = 0; round < rounds; round++) {
    // The last mix first: what leaves one at a tick is there before the next one's
    now = round * roundMs
    for (let i = mixes.length - 1; i >= 0; i--) {
      for (const packet of leave(mixes[i] as Mix, now)) {
        if (i + 1 < mixes.length) come(mixes[i + 1] as Mix, packet, now)
        else exit(packet, round)
      }
    }
    now += roundMs / 2
    for (const from of dice.distinct(clients, clients)) {
      const isMessage = dice.fraction() < speaks
      if (!isMessage && !defences.dummies) continue
      const packet = {
        from,
        isMessage,
        delayMs: 0,
        bytes: sizeOf(dice, defences),
        shares: only(from, clients),
      }
      if (defences.batching) come(mixes[0] as Mix, packet, now)
      else exit(packet, round)
    }
  }
  return { right, messages }
}

function come({ hold, inside, isCorrupt }: Mix, packet: Packet, now: number): void {
  hold.put(packet, now)
  if (isCorrupt) return
  const alike = inside.get(packet.bytes) ?? { shares: new Float64Array(packet.shares.length), held: 0 }
  inside.set(packet.bytes, alike)
  alike.held++
  for (const [i, share] of packet.shares.entries()) alike.shares[i] = (alike.shares[i] as number) + share
}

/** All of one size that are held are as likely to be any of those that came, hence also those that leave. */
function leave({ hold, inside, isCorrupt }: Mix, now: number): Packet[] {
  const left = hold.take(now)
  if (isCorrupt) return left
  const means = new Map(
    [...inside].map(([bytes, { shares, held }]) => [bytes, shares.map(share => share / held)]),
  )
  for (const packet of left) {
    const alike = inside.get(packet.bytes)
    const mean = means.get(packet.bytes)
    if (alike === undefined || mean === undefined) throw new Error('a packet left that had not come')
    packet.shares = mean
    if (--alike.held === 0) inside.delete(packet.bytes)
    else for (const [i, share] of mean.entries()) alike.shares[i] = (alike.shares[i] as number) - share
  }
  return left
}

function sizeOf(dice: Dice, { padding }: Defences): number {
  const { shortest, longest, padded } = sizes
  return padding ? padded : Math.round(shortest * (longest / shortest) ** dice.fraction())
}

function only(client: number, clients: number): Float64Array {
  const shares = new Float64Array(clients)
  shares[client] = 1
  return shares
}

/** Sums of shares are off by as much as floating point rounds. */
const alikeBy = 1e-9

/** Names who is likeliest; of several that are alike any. */
function likeliest(shares: Float64Array, dice: Dice): number {
  const most = Math.max(...shares)
  const best = [...shares.keys()].filter(i => (shares[i] as number) >= most - alikeBy)
  return best[dice.below(best.length)] as number
}
