// One run of `npm run chaos -- client`: people who send, read and answer through clients that are killed, and what has
// become of every message that was accepted.

import type { Client } from '../../client/index.ts'
import { seededRandom } from '../../world/random.ts'
import { second } from '../../world/units.ts'
import { type Kill, type Plan, troubleMs, usualReplies } from './plan.ts'
import { chaosWorld, type Plant, type Process, type World } from './world.ts'

export const invariants = {
  'nothing-lost':
    'every message and reply that was accepted is read in the end; of many replies to one some may fail for want of blocks',
  'read-once': 'no app is given a message twice, or one that nobody sent',
  'states-forward': 'the state of a message moves forward only, across restarts',
  'none-failed': 'no call throws anything but an error of the client, and nothing is left unhandled',
} as const

export type Invariant = keyof typeof invariants

export interface Outcome {
  readonly seed: number
  readonly accepted: number
  readonly read: number
  readonly lost: number
  readonly duplicates: number
  /** Replies that were refused or failed for want of reply blocks. */
  readonly exhausted: number
  readonly violation: { readonly invariant: Invariant; readonly why: string } | undefined
}

/** A message or a reply, as the harness knows it. */
interface Sent {
  readonly from: Process
  readonly to: Process
  readonly text: string
  readonly isReply: boolean
  /** One of more replies than a message has blocks for: some may fail, and say so. */
  readonly mayRunOut: boolean
  id?: string
  rank: number
  reads: number
  failed: string | undefined
}

const readyMs = 3 * second
const longestReadyMs = 60 * second
const lookMs = 400
/** A client's own back-off doubles; this is enough for six attempts. */
const longestQuietMs = 200 * second
const ranks = ['queued', 'sent', 'stored', 'read', 'failed']

export async function run(plan: Plan, plant: Plant): Promise<Outcome> {
  const world = await chaosWorld(plan, plant)
  const people = new People(plan, world)
  const { clock } = world
  await clock.advance(readyMs)
  // Links lose what a client asks for in its first seconds, too
  for (let waited = 0; waited < longestReadyMs && !people.areReady(); waited += second)
    await clock.advance(second)
  people.begin()
  for (const kill of plan.kills) clock.after(kill.at, () => doKill(world, kill))
  for (const { at, ms, victim } of plan.cuts) {
    clock.after(at, () => {
      const { link } = world.find(victim)
      if (link !== undefined) world.links.partition([[link.id]])
    })
    clock.after(at + ms, () => world.links.heal())
  }
  await clock.advance(troubleMs)
  for (let quiet = 0; quiet < longestQuietMs && (quiet < 8 * second || people.waiting()); quiet += second)
    await clock.advance(second)
  const outcome = people.outcome()
  for (const { life } of world.processes) life?.end()
  return outcome
}

function doKill(world: World, { victim, write, deadMs }: Kill): void {
  const process = world.find(victim)
  const { life } = process
  if (life === undefined) return
  if (write === undefined) life.end()
  else life.killAtWrite(write.n, write.when)
  // One that writes nothing meanwhile dies all the same.
  world.clock.after(deadMs / 2, () => life.end())
  world.clock.after(deadMs, () => {
    if (process.life === undefined) void process.start()
  })
}

class People {
  readonly #plan: Plan
  readonly #world: World
  readonly #sent: Sent[] = []
  readonly #addresses: string[] = []
  #exhausted = 0
  #violation: Outcome['violation']

  constructor(plan: Plan, world: World) {
    this.#plan = plan
    this.#world = world
  }

  /** Each client has a gateway, and so an address. */
  areReady(): boolean {
    return this.#clients().every(({ client }) => client !== undefined && client.gateways.length > 0)
  }

  #clients(): Process[] {
    return this.#world.processes.filter(({ victim }) => victim.kind === 'client')
  }

  begin(): void {
    const { clock } = this.#world
    const clients = this.#clients()
    for (const { client } of clients) this.#addresses.push((client as Client).address)
    for (const process of clients) this.#readAt(process, -1)
    for (const [i, { at, from, to, bytes, replies }] of this.#plan.sendings.entries()) {
      const filler = Buffer.from(seededRandom(i)(Math.ceil(bytes / 2))).toString('hex')
      const text = `${i} ${replies} ${filler}`
      clock.after(at, () =>
        this.#send(clients[from] as Process, clients[to] as Process, to, text, replies > 0),
      )
    }
  }

  /** A person whose client is dead or says "not now" tries again; each time with other words. */
  #send(from: Process, to: Process, address: number, text: string, replies: boolean, attempt = 0): void {
    const again = (): void => {
      this.#world.clock.after(second, () => this.#send(from, to, address, text, replies, attempt + 1))
    }
    if (from.client === undefined) {
      again()
      return
    }
    const sent = this.#note(from, to, `${attempt} ${text}`, { isReply: false, mayRunOut: false })
    from.client.send(this.#addresses[address] as string, sent.text, { replies }).then(
      ({ id }) => {
        sent.id = id
      },
      error => {
        if (error?.name !== 'ClientError') this.#violated('none-failed', String(error))
        again()
      },
    )
  }

  #note(from: Process, to: Process, text: string, kind: Pick<Sent, 'isReply' | 'mayRunOut'>): Sent {
    const sent: Sent = { from, to, text, ...kind, rank: 0, reads: 0, failed: undefined }
    this.#sent.push(sent)
    return sent
  }

  /** The app of a client: it keeps its own place in the inbox, as a program with a database would. */
  #readAt(process: Process, after: number): void {
    const { clock } = this.#world
    const later = (next: number): void => {
      clock.after(lookMs, () => this.#readAt(process, next))
    }
    const { client, life } = process
    if (client === undefined || life === undefined) {
      later(after)
      return
    }
    this.#look(client, process)
    let isOver = false
    const go = (next: number): void => {
      if (isOver) return
      isOver = true
      later(next)
    }
    // The call of a client that dies never returns: its app asks the next one.
    clock.after(5 * second, () => {
      if (process.life !== life) go(after)
    })
    client.inbox({ after }).then(
      got => {
        let next = after
        for (const { seq, text, id, canReply } of got) {
          next = Math.max(next, seq)
          const sent = this.#sent.find(one => one.to === process && one.text === text)
          if (sent === undefined) this.#violated('read-once', `${text.length} characters that nobody sent`)
          else this.#take(sent, id, canReply)
        }
        go(next)
      },
      error => {
        if (error?.name !== 'ClientError') this.#violated('none-failed', String(error))
        go(after)
      },
    )
  }

  #take(sent: Sent, id: string, canReply: boolean): void {
    sent.reads++
    if (sent.reads > 1) this.#violated('read-once', `'${sent.text.slice(0, 20)}' ${sent.reads} times`)
    if (sent.reads > 1 || sent.isReply || !canReply) return
    for (let i = 0; i < repliesTo(sent); i++)
      this.#world.clock.after(i * 700, () => this.#reply(sent, id, `re ${i} to ${sent.text.slice(0, 40)}`))
  }

  #reply(asked: Sent, id: string, text: string, attempt = 0): void {
    const { from, to } = asked
    const { client } = to
    if (client === undefined) {
      this.#world.clock.after(second, () => this.#reply(asked, id, text, attempt + 1))
      return
    }
    const mayRunOut = repliesTo(asked) > usualReplies
    const reply = this.#note(to, from, `${attempt} ${text}`, { isReply: true, mayRunOut })
    client.reply(id, reply.text).then(
      handle => {
        reply.id = handle.id
      },
      error => {
        if (error?.name !== 'ClientError') this.#violated('none-failed', String(error))
        this.#exhausted++
      },
    )
  }

  /** Looks at what a client says of what it has accepted. */
  #look(client: Client, process: Process): void {
    for (const sent of this.#sent) {
      if (sent.from !== process || sent.id === undefined) continue
      const message = client.message(sent.id)
      if (message === undefined) {
        this.#violated('nothing-lost', `${sent.isReply ? 'a reply' : 'a message'} is not known any more`)
        continue
      }
      const rank = ranks.indexOf(message.state)
      if (rank < sent.rank) this.#violated('states-forward', `${ranks[sent.rank]} to ${message.state}`)
      sent.rank = rank
      sent.failed = message.state === 'failed' ? message.reason : undefined
    }
  }

  #violated(invariant: Invariant, why: string): void {
    this.#violation ??= { invariant, why }
  }

  /** Picks what was accepted. Of many replies some find no block, and say so: that is none of what was promised. */
  #accepted(): Sent[] {
    return this.#sent.filter(sent => sent.id !== undefined && (sent.reads > 0 || !isExhausted(sent)))
  }

  waiting(): boolean {
    return this.#accepted().some(({ reads }) => reads === 0) || this.#world.processes.some(one => !one.life)
  }

  outcome(): Outcome {
    const accepted = this.#accepted()
    const lost = accepted.filter(({ reads }) => reads === 0)
    const [first] = lost
    if (first !== undefined) {
      const what = first.isReply ? 'reply' : 'message'
      const state = first.failed ?? ranks[first.rank]
      this.#violated(
        'nothing-lost',
        `${lost.length}, of them a ${what} of ${first.text.length} bytes: ${state}`,
      )
    }
    return {
      seed: this.#plan.seed,
      accepted: accepted.length,
      read: accepted.length - lost.length,
      lost: lost.length,
      duplicates: this.#sent.reduce((sum, { reads }) => sum + Math.max(0, reads - 1), 0),
      exhausted: this.#exhausted + this.#sent.filter(isExhausted).length,
      violation: this.#violation,
    }
  }
}

function isExhausted({ mayRunOut, failed }: Sent): boolean {
  return mayRunOut && (failed === 'REPLY_EXPIRED' || failed === 'REPLY_EXHAUSTED')
}

/** Reads how often a message is answered: its third word. */
function repliesTo({ text }: Sent): number {
  return Number(text.split(' ')[2])
}
