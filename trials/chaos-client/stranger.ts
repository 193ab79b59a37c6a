// The hostile correspondent of a run of `npm run chaos -- client`: somebody whom nobody knows, with a whole client that
// lies, and a link on which it sends what it likes. Nothing of it is to matter to those who know each other.

import { type Address, type Message, readAddress, writeAddress } from '../../client/index.ts'
import { forwardPacket } from '../../client/packets/packets.ts'
import { epochAt, type Network } from '../../directory/documents/network.ts'
import type { NodeEntry, View } from '../../directory/documents/view.ts'
import { hex } from '../../encoding/bytes.ts'
import { geometry } from '../../sphinx/geometry.ts'
import { pick, type Random, seededRandom } from '../../world/random.ts'
import { second } from '../../world/units.ts'
import type { Lie } from './lies.ts'
import type { Attack, Plan } from './plan.ts'
import type { World } from './world.ts'

const floodEach = 8
/** Whoever answers a stranger gives it fragments to tell lies about, and asks it for more reply blocks. */
const answerBytes = 1200

export class Stranger {
  readonly #plan: Plan
  readonly #world: World
  /** Lists whom it knows of, though they do not know it. */
  readonly #addresses: readonly string[]
  /** Messages that ask to be told all there is. */
  readonly #asking: Message[] = []
  readonly #random: Random

  constructor(plan: Plan, world: World, addresses: readonly string[]) {
    this.#plan = plan
    this.#world = world
    this.#addresses = addresses
    this.#random = seededRandom(plan.seed)
  }

  /** Tells whether a client has told it anything by itself. */
  get wasTold(): boolean {
    return this.#asking.some(({ state }) => state === 'received' || state === 'read')
  }

  /** Somebody got what it wrote, and answers where that is what it waits for: then it is told. */
  wrote(text: string, reply: (text: string) => Promise<unknown>): void {
    if (isToAnswer(text)) reply('a'.repeat(answerBytes)).catch(() => {})
  }

  /** Carries an attack out. */
  attack({ what, many, to }: Plan['attacks'][number]): void {
    const { client, lies } = this.#world.find({ kind: 'client', number: this.#plan.clients })
    const address = this.#addresses[to] as string
    if (what === 'replays') this.#world.replay(many)
    if (client === undefined || what === 'replays') return
    if (what === 'flood') this.#flood(address, many * floodEach)
    if (isLie(what)) lies.add(what)
    const { name } = this.#world.network
    const own = readAddress(client.address, name)
    const none = writeAddress({ ...readAddress(address, name), sealingKey: own.sealingKey }, name)
    for (let i = 0; i < many; i++) {
      const text = `${what} ${i} ${'x'.repeat(what === 'halves' || what === 'fragments' ? 4000 : 10)}`
      const all = { replies: what === 'questions' ? 4 : 1, receipt: true, received: true, from: i % 2 === 0 }
      const app = what === 'names' ? { app: `name-${i}` } : {}
      void client.send(what === 'garbage' ? none : address, text, { ...all, ...app }).then(
        message => {
          if (!isToAnswer(text)) this.#asking.push(message)
          if (what === 'halves') this.#world.clock.after(second, () => message.cancel())
        },
        () => {},
      )
    }
  }

  /** Packets as they come, faster than a client's clocks would let them go; they open for nobody. */
  #flood(to: string, many: number): void {
    const { network, clock, views } = this.#world
    const { link } = this.#world.find({ kind: 'client', number: this.#plan.clients })
    const view = views.get(epochAt(network, clock.now()))
    if (view === undefined || link === undefined) return
    for (let i = 0; i < many; i++) {
      const made = junk(network, view, clock.now(), readAddress(to, network.name), this.#random)
      if (made !== undefined) link.send(made.entry, made.packet)
    }
  }
}

function isToAnswer(text: string): boolean {
  return text.startsWith('blocks') || text.startsWith('receipts')
}

function isLie(what: Attack): what is Lie {
  return what === 'fragments' || what === 'blocks' || what === 'receipts'
}

/** Makes a packet with random bytes for a mailbox; undefined where there is no path now. */
function junk(
  network: Network,
  view: View,
  now: number,
  { gateways, mailboxKey }: Address,
  random: Random,
): { readonly entry: NodeEntry; readonly packet: Uint8Array } | undefined {
  const g = geometry(network)
  const entry = pick(random, view.gateways)
  const gateway = view.nodes.get(hex(pick(random, gateways)))
  if (gateway === undefined) return undefined
  const around = {
    g,
    view,
    epochAt: (time: number) => epochAt(network, time),
    entry,
    home: entry,
    standby: [],
    asides: [],
    gateway: (id: string) => view.nodes.get(id),
    mailbox: random(32),
    weight: () => 1,
    reliability: () => 1,
    random,
  }
  try {
    const { packet } = forwardPacket(around, { gateway, recipient: mailboxKey }, random(g.userBytes), now)
    return { entry, packet }
  } catch {
    return undefined
  }
}
