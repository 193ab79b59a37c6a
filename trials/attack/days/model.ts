// Clients for days, for who adds up all that is seen of them (`attack -- days`). Production code are the clocks, the
// queue that says what leaves at a tick of payload, what cover leaves else, and what is left out of it for what came
// (docs/spec/client-clocks.md 8); a model are the people (habits.ts) and the network, which is four delays one way and
// nine with the way back. Packets have no bytes. The clocks run at a thousandth of the usual rates: what one
// message changes is then seen among fewer ticks, thirty times as well as at the usual ones.

import { Arrivals } from '../../../client/outgoing/arrivals.ts'
import { type ClockName, type Clocks, type Rates, startClocks } from '../../../client/outgoing/clocks.ts'
import { CoverPackets } from '../../../client/outgoing/cover-packets.ts'
import { step } from '../../../client/outgoing/delivery.ts'
import { type Action, type Delivery, type Event, noDelivery } from '../../../client/outgoing/queue-state.ts'
import { spacingOf } from '../../../client/outgoing/spacing.ts'
import type { Outbound, Surroundings } from '../../../client/packets/packets.ts'
import type { Sealing } from '../../../client/packets/sealing.ts'
import { defaultParameters } from '../../../directory/documents/parameters.ts'
import type { NodeEntry } from '../../../directory/documents/view.ts'
import { Dice } from '../../../hiding/dice.ts'
import { type SimulatedClock, simulatedClock } from '../../../simulator/anonymity/simulated-clock.ts'
import { geometry } from '../../../sphinx/geometry.ts'
import type { Clock } from '../../../world/clock.ts'
import type { Random } from '../../../world/random.ts'
import { minute, second } from '../../../world/units.ts'
import { betweenMs, dayMs, drawSpells, drawTalk, onDay, type Spell, type Talk } from './habits.ts'

/**
 * Says how clients send: `covered` as usual; `bare` what somebody wrote, no more; and two that leak a known amount:
 * `late` has one tick of 500 ten minutes late, and its clock with it, on days on which its owner talks; with
 * `beside` one packet of 50 that leave on such a day has one of the other follow at once, beside the clocks.
 */
export type Sending = 'covered' | 'bare' | 'late' | 'beside'

/** Lists what is seen of a client on a day; times are milliseconds since the first day began, in order. */
export interface DayLog {
  readonly there: readonly Spell[]
  /** On its link, and at its entry: packets, and requests for a page. */
  readonly sent: readonly number[]
  readonly asked: readonly number[]
  /** At its home: what comes into the mailbox, messages and acknowledgements. */
  readonly messages: readonly number[]
  readonly acknowledgements: readonly number[]
  /** Messages that its owner wrote. */
  readonly wrote: number
  /** Packets that were sent beside the clocks, where that is planted; they are among those that were sent. */
  readonly beside: number
}

const slower = 1000
/** Without cover there is less to play, and an answer comes soon. */
const bareSlower = 100
/** Ticks a minute. */
export const rates: Rates = {
  payload: defaultParameters.payloadPerMinute / slower,
  loop: defaultParameters.loopPerMinute / slower,
  drop: defaultParameters.dropPerMinute / slower,
  read: defaultParameters.readPerMinute / slower,
}
const bareRates: Rates = {
  ...{ loop: 0, drop: 0 },
  payload: defaultParameters.payloadPerMinute / bareSlower,
  read: defaultParameters.readPerMinute / bareSlower,
}
export const planted: Readonly<Record<'lateShare' | 'lateMs' | 'besideShare', number>> = {
  lateShare: 1 / 500,
  lateMs: 10 * minute,
  besideShare: 1 / 50,
}
const hops = { there: 4, thereAndBack: 9 } as const
/** Most messages are answered once they were read, after so long in the mean. */
const answers = { share: 0.8, afterMs: 30 * second } as const
const mostFragments = 3
/** Until what is not acknowledged leaves again: several ticks of the reading clock. */
const slackMs = (6 * minute) / rates.read

const g = geometry({ suite: 'x25519', hops: 5, userBytes: 16 })
const nothing = new Uint8Array(0)
const sealing = { overhead: 0, seal: (_, plain) => plain } as Pick<Sealing, 'overhead' | 'seal'> as Sealing
const home = { id: new Uint8Array(32) } as NodeEntry
const aside = { id: new Uint8Array(32).fill(1) } as NodeEntry

/** Has the cover of this process's clients be made without bytes, while something runs. */
export function withoutBytes<T>(run: () => T): T {
  const { drop, own } = CoverPackets
  const made: Outbound = {
    ...{ packet: nothing, replyId: nothing, nodes: [], far: '', drawnMs: 0, roundTripMs: 0 },
  }
  const madeAside: Outbound = { ...made, far: 'aside' }
  CoverPackets.drop = () => made
  CoverPackets.own = (_around, _user, _now, at) => (at === aside ? madeAside : made)
  try {
    return run()
  } finally {
    CoverPackets.drop = drop
    CoverPackets.own = own
  }
}

/** Makes of dice what production code draws numbers from: eight bytes that are used at once; of others nobody asks. */
function randomOf(dice: Dice): Random {
  const number = new Uint8Array(8)
  const view = new DataView(number.buffer)
  return length => {
    if (length !== number.length) return new Uint8Array(length)
    view.setInt32(0, dice.bits())
    view.setInt32(4, dice.bits())
    return number
  }
}

/** Knows what is owed; own messages are not waited for. */
class Owed extends Arrivals {
  override expect(): Uint8Array {
    return nothing
  }
}

function dayOf(clock: Clock): number {
  return Math.floor(clock.elapsed() / dayMs)
}

type Mail =
  | { readonly what: 'fragment'; readonly id: string; readonly index: number; readonly count: number }
  | { readonly what: 'acknowledgement'; readonly id: string; readonly index: number }

interface ClientInit {
  readonly clock: SimulatedClock
  readonly seed: readonly number[]
  readonly sending: Sending
  readonly spells: readonly Spell[]
  /** Tells whether its owner talks on a day. */
  readonly talksOn: (day: number) => boolean
  /** Where what it writes goes. */
  readonly to: () => Client | undefined
}

class Client {
  readonly #init: ClientInit
  readonly #people: Dice
  readonly #network: Dice
  readonly #leak: Dice
  readonly #arrivals = new Owed()
  readonly #cover: CoverPackets
  readonly #around: Surroundings
  #state: Delivery = noDelivery
  #clocks: Clocks | undefined
  #mail: Mail[] = []
  readonly #have = new Map<string, Set<number>>()
  #written = 0
  #sent: number[] = []
  #asked: number[] = []
  #messages: number[] = []
  #acknowledgements: number[] = []
  #beside = 0
  #wrote = 0
  #isThere = false

  constructor(init: ClientInit) {
    const { seed, clock, spells } = init
    this.#init = init
    this.#people = new Dice(...seed, 1)
    this.#network = new Dice(...seed, 2)
    this.#leak = new Dice(...seed, 3)
    const random = randomOf(new Dice(...seed, 4))
    this.#cover = new CoverPackets(this.#arrivals, sealing, nothing)
    this.#around = { g, home, asides: [aside], random } as Partial<Surroundings> as Surroundings
    const machines = randomOf(new Dice(...seed, 5))
    for (const { from, until } of spells) {
      clock.after(from, () => this.#come(machines))
      clock.after(until, () => this.#go())
    }
  }

  /** Gives what was seen since this was asked last. */
  takeLog(day: number): DayLog {
    const log: DayLog = {
      there: onDay(this.#init.spells, day),
      sent: this.#sent,
      asked: this.#asked,
      messages: this.#messages.sort((a, b) => a - b),
      acknowledgements: this.#acknowledgements.sort((a, b) => a - b),
      wrote: this.#wrote,
      beside: this.#beside,
    }
    this.#beside = 0
    this.#wrote = 0
    this.#sent = []
    this.#asked = []
    this.#messages = []
    this.#acknowledgements = []
    return log
  }

  /** A process starts, with clocks of its own. */
  #come(random: Random): void {
    const { clock, sending } = this.#init
    this.#isThere = true
    this.#clocks = startClocks({
      clock: sending === 'late' ? this.#lateClock() : clock,
      random,
      tick: name => this.#tick(name),
    })
    this.#clocks.set(sending === 'bare' ? bareRates : rates)
  }

  #go(): void {
    this.#isThere = false
    this.#clocks?.stop()
  }

  #lateClock(): Clock {
    const { clock, talksOn } = this.#init
    const { lateShare, lateMs } = planted
    return {
      ...clock,
      after: (ms, run) => {
        return clock.after(talksOn(dayOf(clock)) && this.#leak.fraction() < lateShare ? ms + lateMs : ms, run)
      },
    }
  }

  /** Its owner writes a message. */
  write(): void {
    const count = 1 + this.#people.below(mostFragments)
    this.#wrote++
    this.#apply({ type: 'accepted', id: String(this.#written++), count, by: 'gateway' })
  }

  #apply(event: Event): readonly Action[] {
    const [next, actions] = step(this.#state, event, this.#init.clock.elapsed())
    this.#state = next
    return actions
  }

  /** One packet leaves, whatever it is (docs/spec/client-clocks.md 8). */
  #tick(name: ClockName): void {
    const { clock, sending } = this.#init
    const now = clock.elapsed()
    if (name === 'read') {
      this.#asked.push(now)
      this.#read()
      return
    }
    if (sending === 'beside') this.#leakBeside()
    if (name === 'payload' && this.#payload()) {
      this.#sent.push(now)
      return
    }
    if (sending === 'bare') return
    this.#sent.push(now)
    const { made, comesBack } = this.#cover.make(this.#around, name, now)
    if (!comesBack || made.far !== '') return
    if (name === 'loop') this.#messages.push(now + this.#delay(hops.there))
    else this.#acknowledgements.push(now + this.#delay(hops.thereAndBack))
  }

  #leakBeside(): void {
    const { clock, talksOn, to } = this.#init
    if (!talksOn(dayOf(clock)) || this.#leak.fraction() >= planted.besideShare) return
    clock.after(this.#delay(hops.there), () => to()?.follow())
  }

  #payload(): boolean {
    const transmit = this.#apply({ type: 'tick' }).find(action => action.type === 'transmit')
    if (transmit === undefined) return false
    const { clock, to, sending } = this.#init
    const { id, index, attempt } = transmit
    const drawnMs = this.#delay(hops.thereAndBack)
    const count = this.#state.jobs.get(id)?.count ?? 1
    const spacing = spacingOf(defaultParameters, count)
    const pauseMs =
      spacing === undefined
        ? 0
        : (sending === 'bare' ? bareSlower : slower) *
          (spacing.leastMs + this.#network.exponential(spacing.meanMs))
    this.#apply({ type: 'departed', id, index, attempt, drawnMs, slackMs, pauseMs })
    const other = to()
    clock.after(this.#delay(hops.there), () => other?.comes({ what: 'fragment', id, index, count }))
    clock.after(drawnMs, () => this.comes({ what: 'acknowledgement', id, index }))
    return true
  }

  /** Something comes into its mailbox. */
  comes(mail: Mail): void {
    this.#mail.push(mail)
    const seen = mail.what === 'fragment' ? this.#messages : this.#acknowledgements
    seen.push(this.#init.clock.elapsed())
  }

  /** Leaks that the other has just sent something. */
  follow(): void {
    if (!this.#isThere) return
    this.#sent.push(this.#init.clock.elapsed())
    this.#beside++
  }

  #read(): void {
    const mail = this.#mail
    if (mail.length === 0) return
    this.#mail = []
    for (const each of mail) {
      if (each.what === 'acknowledgement') {
        const { id, index } = each
        if (this.#state.jobs.has(id)) this.#apply({ type: 'acknowledged', id, index })
        continue
      }
      this.#arrivals.came('message')
      const have = this.#have.get(each.id) ?? new Set()
      this.#have.set(each.id, have)
      if (have.size === each.count) continue
      if (have.add(each.index).size === each.count) this.#whole()
    }
  }

  /** A message is there. */
  #whole(): void {
    const { clock } = this.#init
    if (this.#people.fraction() < answers.share)
      clock.after(this.#people.exponential(answers.afterMs), () => this.write())
  }

  #delay(count: number): number {
    let product = 1
    for (let hop = 0; hop < count; hop++) product *= 1 - this.#network.fraction()
    return -defaultParameters.hopDelayMs * Math.log(product)
  }
}

/** Some clients whose days are played one after the other. */
export interface Company {
  /** Tells what they say to each other, where they do. */
  readonly talk: Talk | undefined
  readonly spells: readonly (readonly Spell[])[]
  /** Plays one more day. */
  next(): DayLog[]
}

/** Two who write to each other, on some of their days. Call within `withoutBytes`. */
export function talkers(seed: readonly number[], days: number, sending: Sending): Company {
  const talk = drawTalk(new Dice(...seed, 2), days)
  const clock = simulatedClock()
  const spells = [0, 1].map(i => drawSpells(new Dice(...seed, i), days))
  const clients: Client[] = spells.map(
    (own, i) =>
      new Client({
        clock,
        seed: [...seed, 10 + i],
        sending,
        spells: own,
        talksOn: day => talk.days[day] === true,
        to: () => clients[1 - i],
      }),
  )
  const dice = new Dice(...seed, 3)
  for (const { at, by, messages } of talk.sessions) {
    // Who is not there writes when they come next
    const spell = (spells[by] as readonly Spell[]).find(({ until }) => until > at)
    if (spell === undefined) continue
    let then = Math.max(at, spell.from + dice.exponential(minute))
    for (let i = 0; i < messages; i++, then += dice.exponential(betweenMs))
      clock.after(then, () => clients[by]?.write())
  }
  return { talk, spells, next: nextDay(clock, clients) }
}

/** One who writes to nobody, and is there as others are. */
export function silentOne(seed: readonly number[], days: number, sending: Sending): Company {
  const clock = simulatedClock()
  const spells = drawSpells(new Dice(...seed, 0), days)
  const init = { clock, spells, seed: [...seed, 10], sending } as const
  const client = new Client({ ...init, talksOn: () => false, to: () => undefined })
  return { talk: undefined, spells: [spells], next: nextDay(clock, [client]) }
}

function nextDay(clock: SimulatedClock, clients: readonly Client[]): () => DayLog[] {
  let day = 0
  return () => {
    clock.run((day + 1) * dayMs)
    const logs = clients.map(client => client.takeLog(day))
    day++
    return logs
  }
}
