// A network of the production code's mixing, clocks and paths under a virtual clock (docs/spec/simulator.md 8): packets
// are what a strategy sees of them, a delay, and have no bytes. Slower than layered.ts by two orders, and for every
// strategy and topology that a consensus can state.

import { type Rates, startClocks } from '../../client/outgoing/clocks.ts'
import { drawPath } from '../../client/packets/paths.ts'
import type { NodeEntry, View } from '../../directory/documents/view.ts'
import { type Anonymity, anonymity } from '../../hiding/metrics.ts'
import { type VotedStrategy, votedStrategy } from '../../node/mixing/voted.ts'
import { pick, seededRandom } from '../../world/random.ts'
import { simulatedClock } from './simulated-clock.ts'

export interface ProductionPlan {
  /** Nodes, topology, mixing and its numbers, as the consensus states them. */
  readonly view: View
  readonly clients: number
  /** Ticks a minute; a tick of the reading clock sends no packet. */
  readonly rates: Rates
  readonly seed: number
  /** Milliseconds before the first packet is followed, and after the last. */
  readonly settleMs: number
  /** Packets that are followed, one every so many milliseconds. */
  readonly targets: number
  readonly everyMs: number
}

export interface ProductionFigures {
  /** Tells what a global observer is left with of each packet that was followed. */
  readonly followed: readonly Anonymity[]
  readonly sent: number
  readonly delivered: number
  /** From the first hop's arrival to the last hop's, milliseconds, of each that was delivered. */
  readonly transitMs: readonly number[]
}

/** A packet as a strategy holds it; `shares` is what the packet has of each label. */
interface Passing {
  delayMs: number
  readonly nodes: readonly string[]
  readonly delays: readonly number[]
  at: number
  readonly sentAt: number
  readonly shares: Float64Array
}

interface Mix {
  readonly hold: VotedStrategy<Passing>
  readonly inside: Float64Array
  timer: { readonly at: number; cancel(): void } | undefined
}

/** More than any simulation holds: nothing is pushed out. */
const limit = 1_000_000

/** Runs the network; the same plan gives the same figures. */
export function runProduction(plan: ProductionPlan): ProductionFigures {
  const { view, targets, everyMs, settleMs } = plan
  const random = seededRandom(plan.seed)
  const clock = simulatedClock()
  const delivered: Passing[] = []
  let sent = 0
  let followed = 0

  const mixes = new Map<string, Mix>()
  const mixOf = (id: string): Mix => {
    const known = mixes.get(id)
    if (known !== undefined) return known
    const hold = votedStrategy<Passing>({ random, limit, wall: clock.now })
    hold.follow(view.mixing, view.parameters, clock.elapsed())
    const mix: Mix = { hold, inside: new Float64Array(targets), timer: undefined }
    mixes.set(id, mix)
    return mix
  }

  const arrive = (packet: Passing): void => {
    if (packet.at === packet.nodes.length - 1) {
      delivered.push({ ...packet, delayMs: clock.elapsed() - packet.sentAt })
      return
    }
    const mix = mixOf(packet.nodes[packet.at] as string)
    packet.delayMs = packet.delays[packet.at] as number
    for (let k = 0; k < targets; k++) mix.inside[k] = (mix.inside[k] as number) + (packet.shares[k] as number)
    mix.hold.put(packet, clock.elapsed())
    arm(mix)
  }

  const arm = (mix: Mix): void => {
    const at = mix.hold.wakeAt()
    if (at === mix.timer?.at) return
    mix.timer?.cancel()
    const timer =
      at === undefined ? undefined : clock.after(Math.max(0, at - clock.elapsed()), () => fire(mix))
    mix.timer = timer && { at: at as number, cancel: () => timer.cancel() }
  }

  const fire = (mix: Mix): void => {
    mix.timer = undefined
    const held = mix.hold.size
    const left = mix.hold.take(clock.elapsed())
    // all that are held are as likely to be the labelled one, hence also all that leave
    for (const packet of left) {
      for (let k = 0; k < targets; k++) packet.shares[k] = (mix.inside[k] as number) / held
      packet.at++
    }
    const stay = (held - left.length) / held
    for (let k = 0; k < targets; k++) mix.inside[k] = (mix.inside[k] as number) * stay
    arm(mix)
    for (const packet of left) arrive(packet)
  }

  const send = (entry: NodeEntry): void => {
    const request = { view, first: entry, last: pick(random, view.gateways), at: view.validAfter }
    const path = drawPath({ ...request, epochAt: () => view.epoch, delayAtEnd: false }, random)
    const shares = new Float64Array(targets)
    if (followed < targets && clock.elapsed() >= settleMs + followed * everyMs) shares[followed++] = 1
    sent++
    const delays = path.hops.map(hop => hop.delayMs)
    arrive({ delayMs: 0, nodes: path.nodes, delays, at: 0, sentAt: clock.elapsed(), shares })
  }

  for (let client = 0; client < plan.clients; client++) {
    const entry = view.gateways[client % view.gateways.length] as NodeEntry
    const clocks = startClocks({ clock, random, tick: name => name !== 'read' && send(entry) })
    clocks.set(plan.rates)
  }
  clock.run(2 * settleMs + targets * everyMs)
  return {
    followed: Array.from({ length: followed }, (_, k) => posterior(delivered, k)),
    sent,
    delivered: delivered.length,
    transitMs: delivered.map(packet => packet.delayMs),
  }
}

/** Measures where the label may be, of what was delivered. */
function posterior(delivered: readonly Passing[], label: number): Anonymity {
  const shares = delivered.map(({ shares: each }) => each[label] as number).filter(share => share > 0)
  const all = shares.reduce((sum, share) => sum + share, 0)
  return anonymity(shares.map(share => share / all))
}
