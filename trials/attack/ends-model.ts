// People who write to each other, for who watches both their links (`attack -- timing`): the clocks are production
// code, what leaves at a tick is a fragment or cover as docs/spec/client-clocks.md 8 has it, and what is on its way
// takes the delays that its sender drew. Pages have one size and come at the reading clock's ticks, whatever is in
// them, so that the times at which packets leave are all that a link shows.

import { type Rates, startClocks } from '../../client/outgoing/clocks.ts'
import { simulatedClock } from '../../simulator/anonymity/simulated-clock.ts'
import { below, exponential, fraction, seededRandom } from '../../world/random.ts'
import { minute, second } from '../../world/units.ts'
import { follows } from './follows.ts'

/** Says how clients send: `covered` as usual, `rounds` one packet a round, `bare` what somebody wrote, no more. */
export type Sending = 'covered' | 'rounds' | 'bare'

export interface Conversations {
  /** Two clients each. */
  readonly pairs: number
  readonly ms: number
  readonly seed: number
}

/** A sixth of the usual rates: fewer times to look at, which depend on what is said or do not. */
const rates: Rates = { payload: 100, loop: 10, drop: 10, read: 40 }
const roundMs = second / 2
const hopDelayMs = 50
const hops = 4
/** One of a pair begins this often, the other one answers most of it after having read it. */
const begins = { everyMs: 15 * second, answered: 0.8, afterMs: 3 * second } as const
const mostFragments = 3

interface Client {
  /** Fragments that wait; the last one of a message completes it. */
  readonly queue: boolean[]
  /** Messages that lie in its mailbox. */
  arrived: number
  /** Times at which packets left. */
  readonly left: number[]
}

/** Has pairs write to each other; client 2 i writes to client 2 i + 1. @returns when packets left each, milliseconds */
export function converse({ pairs, ms, seed }: Conversations, sending: Sending): number[][] {
  const clock = simulatedClock()
  const people = seededRandom(2 * seed)
  const machines = seededRandom(2 * seed + 1)
  const clients = Array.from({ length: 2 * pairs }, (): Client => ({ queue: [], arrived: 0, left: [] }))
  const write = ({ queue }: Client): void => {
    const fragments = 1 + below(people, mostFragments)
    for (let i = 1; i <= fragments; i++) queue.push(i === fragments)
  }
  const begin = (client: Client): void => {
    clock.after(exponential(people, begins.everyMs), () => {
      write(client)
      begin(client)
    })
  }
  clients.forEach((client, i) => {
    const other = clients[i ^ 1] as Client
    if (i % 2 === 0) begin(client)
    const read = (): void => {
      for (; client.arrived > 0; client.arrived--)
        if (i % 2 === 1 && fraction(people) < begins.answered)
          clock.after(exponential(people, begins.afterMs), () => write(client))
    }
    const clocks = startClocks({
      clock,
      random: machines,
      tick(name) {
        if (name === 'read') return read()
        const isLast = name === 'payload' ? client.queue.shift() : undefined
        if (isLast === undefined && sending === 'bare') return
        client.left.push(clock.elapsed())
        if (isLast === true) clock.after(wayMs(machines), () => void other.arrived++)
      },
    })
    clocks.set(rates, sending === 'rounds' ? roundMs : undefined)
  })
  clock.run(ms)
  return clients.map(({ left }) => left)
}

function wayMs(random: ReturnType<typeof seededRandom>): number {
  return Array.from({ length: hops }, () => exponential(random, hopDelayMs)).reduce(
    (sum, each) => sum + each,
    0,
  )
}

/** As far as an observer can tell an answer follows within this. */
const answerMs = 10 * second

/**
 * Scores how likely two write to each other: how much oftener a packet of the one follows one of the other within ten
 * seconds than if neither knew of the other, in standard deviations, both ways.
 */
export function together(one: readonly number[], other: readonly number[], ms: number): number {
  const expected = (2 * one.length * other.length * answerMs) / ms
  const seen = follows(one, other, answerMs) + follows(other, one, answerMs)
  return expected === 0 ? 0 : (seen - expected) / Math.sqrt(expected)
}

/** Ten minutes of each. */
export const usualMs: number = 10 * minute
