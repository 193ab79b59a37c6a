// Runs conversations against the process under attack, and watches it.

import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import {
  directoryProtocol,
  maxAnswerBytes,
  readAnswer,
  readTime,
  writeRequest,
} from '../../directory/documents/exchange.ts'
import { startHost } from '../../link/libp2p/host.ts'
import type { Host } from '../../link/link.ts'
import { slowness } from '../../simulator/processes/machine.ts'
import { systemClock } from '../../world/clock.ts'
import { silent } from '../../world/log.ts'
import { systemRandom } from '../../world/random.ts'
import type { Job } from '../chaos/options.ts'
import { Decoys, portOf, talkTo } from './bare.ts'
import { paced, setPace } from './pace.ts'
import { type Conversation, drawConversation, type Transport, transports, type WireRole } from './plan.ts'
import { Lane } from './secured.ts'
import type { Answer, Held, Places, Question } from './target.ts'

export interface Summary {
  readonly conversations: number
  /** Processes that ended under attack. */
  readonly ended: number
  /** Counts of what is held that grew from an early look to the last. */
  readonly grown: number
  /** All of these, and honest questions that were not answered. */
  readonly violations: number
  readonly first?: { readonly seed?: number; readonly why: string }
  readonly held: { readonly early?: Held; readonly late?: Held }
}

/** Conversations at a time: by sockets, and on lanes of libp2p. */
const bareAtOnce = 48
const lanesAtOnce = 12
/** A lane is made anew after so many: its peer is shut out now and then, and libp2p keeps some of each. */
const lanePeriod = 2000
const mostRefusals = 6
/** Conversations between two looks at the honest, and until the early look. */
const period = 2000
const warmUp = 6000
const quietMs = 4500

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

class Target {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (answer: Answer | undefined) => void>()
  readonly #output: string[] = []
  #asked = 0
  /** Why it ended, once it has. */
  end: string | undefined

  /** @param slow how slow this machine is */
  constructor(defect: string | undefined, slow: number) {
    const plant = defect === undefined ? [] : [defect]
    const execArgv = [...process.execArgv, '--expose-gc']
    this.#child = fork(new URL('./target.ts', import.meta.url), [String(slow), ...plant], {
      execArgv,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child.stderr?.on('data', (data: Buffer) => {
      this.#output.push(data.toString())
      if (this.#output.length > 100) this.#output.shift()
    })
    this.#child.on('message', (answer: Answer) => {
      if (answer.told === 'waiting') console.error(`chaos: wire: waiting for ${answer.awaited}`)
      else this.#settle(answer.n, answer)
    })
    this.#child.on('exit', (code, signal) => {
      const said =
        this.#output
          .join('')
          .split('\n')
          .find(line => /Error/.test(line)) ?? ''
      this.end = `ended with ${code ?? signal} ${said.trim()}`
      for (const n of [...this.#waiting.keys()]) this.#settle(n, undefined)
    })
  }

  /** @returns undefined when it ends before it answers */
  ask<T extends Answer['told']>(question: Ask): Promise<Extract<Answer, { told: T }> | undefined> {
    if (this.end !== undefined) return Promise.resolve(undefined)
    const n = this.#asked++
    this.#child.send({ ...question, n })
    return new Promise(resolve => this.#waiting.set(n, resolve as (answer: Answer | undefined) => void))
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #settle(n: number, answer: Answer | undefined): void {
    this.#waiting.get(n)?.(answer)
    this.#waiting.delete(n)
  }
}

type Ask = Question extends infer Q ? (Q extends Question ? Omit<Q, 'n'> : never) : never

/** Says all conversations. A planted defect is searched for until it is found. */
export async function run({ seeds, defect }: Job): Promise<Summary> {
  // The attackers are libp2p as it comes, and what it is told in return may be too much for it
  const ignore = (): void => {}
  process.on('uncaughtException', ignore)
  process.on('unhandledRejection', ignore)
  const slow = await slowness()
  setPace(slow)
  const attack = new Attack(defect, slow)
  try {
    return await attack.run(seeds)
  } finally {
    await attack.close()
    process.off('uncaughtException', ignore)
    process.off('unhandledRejection', ignore)
  }
}

class Attack {
  readonly #defect: string | undefined
  readonly #slow: number
  #target: Target
  #places: Places | undefined
  #decoys: Decoys | undefined
  readonly #lanes: Lane[] = []
  readonly #refused = new WeakMap<Lane, number>()
  #said = 0
  #ended = 0
  #grown = 0
  #violations = 0
  #first: Summary['first']
  #held: Summary['held'] = {}

  constructor(defect: string | undefined, slow: number) {
    this.#defect = defect
    this.#slow = slow
    this.#target = new Target(defect, slow)
  }

  async run(seeds: readonly number[]): Promise<Summary> {
    this.#decoys = await Decoys.open()
    await this.#start()
    for (let at = 0; at < seeds.length && !this.#isOver; at += period) {
      await this.#period(seeds.slice(at, at + period))
      if (this.#target.end !== undefined) await this.#fell(seeds[at] as number)
      else await this.#honest(seeds[at] as number)
      if (at + period === warmUp) this.#held = { early: await this.#look() } as Summary['held']
    }
    if (this.#held.early !== undefined) this.#compare(await this.#look())
    return {
      conversations: this.#said,
      ended: this.#ended,
      grown: this.#grown,
      violations: this.#violations,
      ...(this.#first === undefined ? {} : { first: this.#first }),
      held: this.#held,
    }
  }

  async close(): Promise<void> {
    this.#target.kill()
    this.#decoys?.close()
    await Promise.all(this.#lanes.map(lane => lane.close()))
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

  async #period(seeds: readonly number[]): Promise<void> {
    const conversations = seeds.map(drawConversation)
    const bare = conversations.filter(c => c.kind === 'bare')
    const secured = conversations.filter(c => c.kind === 'secured')
    await Promise.all([
      ...Array.from({ length: bareAtOnce }, () => this.#sayBare(bare)),
      ...Array.from({ length: lanesAtOnce }, (_, number) => this.#saySecured(number, secured)),
    ])
  }

  async #sayBare(queue: Extract<Conversation, { kind: 'bare' }>[]): Promise<void> {
    for (let next = queue.pop(); next !== undefined && this.#target.end === undefined; next = queue.pop()) {
      this.#said++
      if (next.side === 'listener') await talkTo(this.#port(next.role, next.transport), next)
      else await this.#dialled(next, (this.#decoys as Decoys).expect(next), systemRandom(32))
    }
  }

  async #saySecured(number: number, queue: Extract<Conversation, { kind: 'secured' }>[]): Promise<void> {
    for (let next = queue.pop(); next !== undefined && this.#target.end === undefined; next = queue.pop()) {
      this.#said++
      const lane = await this.#lane(number)
      if (next.side === 'dialler') {
        lane.expect(next)
        await this.#dialled(next, lane.address(next.transport), lane.id)
      } else if (!(await lane.talkTo(this.#address(next.role, next.transport), next))) {
        this.#refused.set(lane, (this.#refused.get(lane) ?? 0) + 1)
      }
    }
  }

  /** A peer that was often not let in is shut out: another takes its place, as it does now and then. */
  async #lane(number: number): Promise<Lane> {
    const known = this.#lanes[number]
    if (known !== undefined && known.said < lanePeriod && (this.#refused.get(known) ?? 0) < mostRefusals)
      return known
    await known?.close()
    const lane = await Lane.open()
    this.#lanes[number] = lane
    return lane
  }

  async #dialled(conversation: Conversation, to: string, id: Uint8Array): Promise<void> {
    const protocol = conversation.kind === 'secured' ? conversation.protocol : directoryProtocol
    const answer = await this.#target.ask<'dialled'>({ ask: 'dial', as: conversation.role, to, id, protocol })
    if (answer?.outcome.startsWith('thrown') === true) this.#found(answer.outcome, conversation.seed)
  }

  /** A process that ended is told of, and another takes its place. */
  async #fell(seed: number): Promise<void> {
    this.#ended++
    this.#found(`within ${period} conversations a process ${this.#target.end}`, seed)
    if (this.#isOver) return
    this.#held = {}
    this.#target = new Target(this.#defect, this.#slow)
    await this.#start()
  }

  /** An honest host asks what everybody may ask, over each transport. */
  async #honest(seed: number): Promise<void> {
    const { authority, gateway } = this.#places as Places
    for (const { id, addresses } of [authority, gateway])
      for (const transport of transports) {
        const address = addresses.find(one => one.endsWith('/ws') === (transport === 'ws')) as string
        const honest = await stranger()
        try {
          const body = writeRequest({ ask: 'time' })
          const to = { id, addresses: [address] }
          readTime(
            readAnswer(
              await honest.request(to, directoryProtocol, body, {
                timeoutMs: paced(8000),
                maxBytes: maxAnswerBytes,
              }),
            ),
          )
        } catch (error) {
          this.#found(`an honest question to ${address} was not answered: ${(error as Error).message}`, seed)
        } finally {
          await honest.close()
        }
      }
  }

  /** Looks when the attackers are gone, so that what is held is the network's own. */
  async #look(): Promise<Held | undefined> {
    await Promise.all(this.#lanes.splice(0).map(lane => lane.close()))
    await pause(paced(quietMs))
    const held = (await this.#target.ask<'looked'>({ ask: 'look' }))?.held
    if (held !== undefined && held.longestTurnMs > longTurnMs)
      this.#found(`a turn took ${held.longestTurnMs} ms of CPU time`)
    return held
  }

  #compare(late: Held | undefined): void {
    const { early } = this.#held
    if (early === undefined || late === undefined) return
    this.#held = { early, late }
    for (const name of Object.keys(tolerated) as (keyof typeof tolerated)[]) {
      const more = late[name] - early[name]
      if (more <= tolerated[name]) continue
      this.#grown++
      this.#found(`${name} grew from ${early[name]} to ${late[name]}`)
    }
  }

  #found(why: string, seed?: number): void {
    this.#violations++
    this.#first ??= { ...(seed === undefined ? {} : { seed }), why }
  }

  #address(role: WireRole, transport: Transport): string {
    const { addresses } = (this.#places as Places)[role === 'client' ? 'gateway' : role]
    return addresses.find(address => address.endsWith('/ws') === (transport === 'ws')) as string
  }

  #port(role: WireRole, transport: Transport): number {
    return portOf((this.#places as Places)[role === 'client' ? 'gateway' : role].addresses, transport)
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
