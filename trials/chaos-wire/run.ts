// Runs conversations against the process under attack, and watches it.

import { setTimeout as pause } from 'node:timers/promises'
import {
  directoryProtocol,
  maxAnswerBytes,
  readAnswer,
  readTime,
  writeRequest,
} from '../../directory/documents/exchange.ts'
import { startHost } from '../../link/libp2p/host.ts'
import type { Host, Peer } from '../../link/link.ts'
import { slowness } from '../../simulator/processes/machine.ts'
import { systemClock } from '../../world/clock.ts'
import { silent } from '../../world/log.ts'
import { systemRandom } from '../../world/random.ts'
import type { Job } from '../chaos/options.ts'
import { Decoys, portOf, talkTo } from './bare.ts'
import { paced, setPace } from './pace.ts'
import { type Conversation, drawConversation, type Transport, type WireRole } from './plan.ts'
import { type Dial, Target } from './process.ts'
import { Lane } from './secured.ts'
import type { Held, Places } from './target.ts'

export interface Summary {
  readonly conversations: number
  /** Processes that ended under attack. */
  readonly ended: number
  /** Counts of what is held that grew from an early look to the last. */
  readonly grown: number
  /** All of these, and honest questions that were not answered. */
  readonly violations: number
  readonly first?: { readonly seed?: number; readonly why: string }
}

/** Conversations at a time: most of them wait for what the host under attack does about silence. */
const atOnce = 96
/** Conversations between two questions of the honest, which are asked in the midst of them. */
const period = 2000
/** Conversations before the first look at what is held: the process has seen everything once by then. */
const warmUp = 4000
const quietMs = 4500
/** An honest host asks so often before it says that it gets no answer. */
const honestTries = 3

/** Where more than this share of those behind a handshake is not heard, the attack shows nothing. */
const mostUnheard = 0.5

/** Growth that is noise, between two looks, and not a leak of a hundred thousand conversations. */
const tolerated: Omit<Held, 'longestTurnMs'> = {
  heapKiB: 12_000,
  handles: 40,
  listeners: 60,
  connections: 8,
  streams: 24,
}
/** CPU time of a turn of the event loop that keeps everybody waiting. */
const longTurnMs = 1500

/** Says all conversations. A planted defect is searched for until it is found. */
export async function run({ seeds, defect }: Job): Promise<Summary> {
  const slow = await slowness()
  setPace(slow)
  const attack = new Attack(defect, slow)
  try {
    return await attack.run(seeds)
  } finally {
    attack.close()
  }
}

class Attack {
  readonly #defect: string | undefined
  readonly #slow: number
  #target: Target
  #places: Places | undefined
  #decoys: Decoys | undefined
  #lanes: Lane[] = []
  #said = 0
  /** Counts those behind a handshake: all, and those for which no connection came about. */
  readonly #secured = { all: 0, unheard: 0 }
  #ended = 0
  #grown = 0
  #violations = 0
  #first: Summary['first']
  #early: Held | undefined
  /** Questions of the honest that are under way: nobody begins a conversation meanwhile. */
  #asking: Promise<void> = Promise.resolve()

  constructor(defect: string | undefined, slow: number) {
    this.#defect = defect
    this.#slow = slow
    this.#target = new Target(defect, slow)
  }

  async run(seeds: readonly number[]): Promise<Summary> {
    this.#decoys = await Decoys.open()
    await this.#start()
    await this.#sayAll(seeds.slice(0, warmUp))
    if (seeds.length > warmUp && !this.#isOver) this.#early = await this.#look()
    // A hunt looks again and again, and is over as soon as it has found something
    const each = this.#defect === undefined ? seeds.length : period
    for (let at = warmUp; at < seeds.length && !this.#isOver; at += each) {
      await this.#sayAll(seeds.slice(at, at + each))
      if (this.#early !== undefined) this.#compare(this.#early, await this.#look())
    }
    const { all, unheard } = this.#secured
    if (unheard > mostUnheard * all) this.#found(`${unheard} of ${all} conversations were not heard`)
    return {
      conversations: this.#said,
      ended: this.#ended,
      grown: this.#grown,
      violations: this.#violations,
      ...(this.#first === undefined ? {} : { first: this.#first }),
    }
  }

  close(): void {
    this.#target.kill()
    this.#decoys?.close()
    this.#leave()
  }

  /** A hunt for a defect ends when it is found. */
  get #isOver(): boolean {
    return this.#defect !== undefined && this.#violations > 0
  }

  async #start(): Promise<void> {
    const started = await this.#target.ask<'started'>({ ask: 'start' })
    if (started !== undefined) {
      this.#places = started.places
      return
    }
    const why = `while its hosts started a process ${this.#target.end}`
    if (this.#defect === undefined) throw new Error(`chaos: wire: ${why}`)
    this.#ended++
    this.#found(why)
  }

  /** Many at a time, each attacker one after another; the honest ask in the midst of them. */
  async #sayAll(seeds: readonly number[]): Promise<void> {
    const left = [...seeds].reverse()
    while (left.length > 0 && !this.#isOver) {
      await Promise.all(Array.from({ length: atOnce }, (_, number) => this.#attack(number, left)))
      await this.#asking
      if (this.#target.end !== undefined) await this.#fell()
    }
  }

  async #attack(number: number, left: number[]): Promise<void> {
    this.#lanes[number] ??= await Lane.open()
    const lane = this.#lanes[number]
    while (this.#target.end === undefined && !this.#isOver) {
      const seed = left.pop()
      if (seed === undefined) return
      await this.#say(lane, drawConversation(seed))
      if (++this.#said % period === 0) this.#asking = this.#honest(seed)
      await this.#asking
    }
  }

  async #say(lane: Lane, next: Conversation): Promise<void> {
    const protocol = next.kind === 'secured' ? next.protocol : directoryProtocol
    const dial = (to: string, id: Uint8Array): Promise<void> => this.#dial(next, { to, id, protocol })
    if (next.kind === 'bare') {
      if (next.side === 'listener') await talkTo(this.#port(next.role, next.transport), next)
      else await dial((this.#decoys as Decoys).expect(next), systemRandom(32))
      return
    }
    const heard =
      next.side === 'listener'
        ? lane.talkTo(this.#port(next.role, next.transport), next)
        : lane.hear(next, dial)
    this.#secured.all++
    if (!(await heard)) this.#secured.unheard++
  }

  async #dial({ role, seed }: Conversation, { to, id, protocol }: Dial): Promise<void> {
    const answer = await this.#target.ask<'dialled'>({ ask: 'dial', as: role, to, id, protocol })
    if (answer?.outcome.startsWith('thrown') === true) this.#found(answer.outcome, seed)
  }

  /** A process that ended is told of, and another takes its place. */
  async #fell(): Promise<void> {
    this.#ended++
    this.#found(`after ${this.#said} conversations a process ${this.#target.end}`)
    if (this.#isOver) return
    this.#early = undefined
    this.#target = new Target(this.#defect, this.#slow)
    await this.#start()
  }

  /** An honest host asks what everybody may ask, over each transport, and as anybody would once more in vain. */
  async #honest(seed: number): Promise<void> {
    const { authority, gateway } = this.#places as Places
    for (const { id, addresses } of [authority, gateway])
      for (const address of addresses) {
        let failed: unknown
        for (let tried = 0; tried < honestTries; tried++) {
          failed = await askTime({ id, addresses: [address] })
          // whoever has ended answers nobody, which is told of once
          if (failed === undefined || this.#target.end !== undefined) break
        }
        if (failed !== undefined && this.#target.end === undefined)
          this.#found(`an honest question to ${address} was not answered: ${(failed as Error).message}`, seed)
      }
  }

  #leave(): void {
    for (const lane of this.#lanes) lane?.close()
    this.#lanes = []
  }

  /** Looks when the attackers are gone, so that what is held is the network's own. */
  async #look(): Promise<Held | undefined> {
    this.#leave()
    await pause(paced(quietMs))
    const held = (await this.#target.ask<'looked'>({ ask: 'look' }))?.held
    if (held !== undefined && held.longestTurnMs > longTurnMs)
      this.#found(`a turn took ${held.longestTurnMs} ms of CPU time`)
    return held
  }

  #compare(early: Held, late: Held | undefined): void {
    if (late === undefined) return
    console.error(`chaos: wire: held at first and at last: ${JSON.stringify([early, late])}`)
    for (const name of Object.keys(tolerated) as (keyof typeof tolerated)[]) {
      const more = late[name] - early[name]
      if (more <= tolerated[name]) continue
      this.#grown++
      this.#found(`${name} grew from ${early[name]} to ${late[name]}`)
    }
  }

  #found(why: string, seed?: number): void {
    this.#violations++
    console.error(`chaos: wire: ${seed === undefined ? '' : `seed ${seed}: `}${why}`)
    this.#first ??= { ...(seed === undefined ? {} : { seed }), why }
  }

  #port(role: WireRole, transport: Transport): number {
    return portOf((this.#places as Places)[role === 'client' ? 'gateway' : role].addresses, transport)
  }
}

/** @returns what went wrong, if something did */
async function askTime(to: Peer): Promise<unknown> {
  const honest = await stranger()
  try {
    const options = { timeoutMs: paced(8000), maxBytes: maxAnswerBytes }
    readTime(readAnswer(await honest.request(to, directoryProtocol, writeRequest({ ask: 'time' }), options)))
    return undefined
  } catch (error) {
    return error
  } finally {
    await honest.close()
  }
}

function stranger(): Promise<Host> {
  return startHost({
    seed: undefined,
    listen: [],
    cellBytes: 3369,
    clock: systemClock,
    log: silent,
    random: systemRandom,
    admits: () => false,
    role: 'client',
  })
}
