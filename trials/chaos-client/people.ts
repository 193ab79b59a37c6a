// The people of a run of `npm run chaos -- client`: who writes, reads and answers through clients that are killed, and
// what has become of every message that was accepted.

import type { Client, Message } from '../../client/index.ts'
import { seededRandom } from '../../world/random.ts'
import { hour, second } from '../../world/units.ts'
import type { Invariant, Outcome } from './invariants.ts'
import { type Moment, type Plan, usualReplies } from './plan.ts'
import { isDamage, type Plant, type Process } from './processes.ts'
import { isEnded, isExhausted, isNoticed, ranks, repliesTo, type Sent } from './sent.ts'
import { Stranger } from './stranger.ts'
import type { World } from './world.ts'

/** Nothing takes that long here: no message is over before its time, unless a clock is believed that is wrong. */
const deadlineMs = hour
const lookMs = 400

export class People {
  readonly #plan: Plan
  readonly #world: World
  /** People say who they are. */
  readonly #from: boolean
  readonly #sent: Sent[] = []
  readonly #addresses: string[] = []
  readonly stranger: Stranger
  #exhausted = 0
  #onMoment: (what: Moment['what'], sent: Sent) => void = () => {}
  #violation: Outcome['violation']

  constructor(plan: Plan, world: World, { anonymous = false }: Plant = {}) {
    this.#plan = plan
    this.#from = !anonymous
    this.#world = world
    this.stranger = new Stranger(plan, world, this.#addresses)
  }

  get isViolated(): boolean {
    return this.#violation !== undefined
  }

  /** Hears that what a process has written does not open. */
  unopened({ victim }: Process, error: unknown): void {
    this.#violated('opens-again', `${victim.kind} ${victim.number}: ${String(error)}`)
  }

  /** Tells from now on when something happens to a message. */
  onMoment(handler: (what: Moment['what'], sent: Sent) => void): void {
    this.#onMoment = handler
  }

  /** Each client has a gateway, and so an address. */
  areReady(): boolean {
    return this.#world.processes
      .filter(({ victim }) => victim.kind === 'client')
      .every(({ client }) => client !== undefined && client.gateways.length > 0)
  }

  #clients(): Process[] {
    return this.#world.processes.filter(
      ({ victim }) => victim.kind === 'client' && victim.number < this.#plan.clients,
    )
  }

  begin(): void {
    const { clock } = this.#world
    const clients = this.#clients()
    for (const { client } of clients) this.#addresses.push((client as Client).address)
    for (const [i, { client }] of clients.entries())
      for (const [j, address] of this.#addresses.entries())
        if (i !== j) void client?.contacts.add(`person-${j}`, address).catch(() => {})
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
    const sent = this.#note(from, to, `${attempt} ${text}`, {
      isReply: false,
      mayRunOut: false,
      isLate: false,
    })
    const options = { replies, from: this.#from, deadlineMs }
    from.client.send(this.#addresses[address] as string, sent.text, options).then(
      message => this.#accepted(sent, message),
      error => {
        if (error?.name !== 'ClientError') this.#violated('none-failed', String(error))
        again()
      },
    )
  }

  #accepted(sent: Sent, message: Message): void {
    sent.id = message.id
    this.#onMoment('accepted', sent)
    message.stored().then(
      () => this.#onMoment('stored', sent),
      () => {},
    )
  }

  #note(
    from: Process,
    to: Process,
    text: string,
    kind: Pick<Sent, 'isReply' | 'mayRunOut' | 'isLate'>,
  ): Sent {
    const fresh = { rank: 0, reads: 0, failed: undefined, received: false, since: from.renewals }
    const sent: Sent = { from, to, text, ...kind, ...fresh }
    this.#sent.push(sent)
    return sent
  }

  /** The app of a client: it keeps its own place in the inbox, as a program with a database would. */
  #readAt(process: Process, after: number, began = process.renewals): void {
    const { clock } = this.#world
    // An inbox that began anew counts from the start
    if (process.renewals !== began) {
      this.#readAt(process, -1)
      return
    }
    const later = (next: number): void => {
      clock.after(lookMs, () => this.#readAt(process, next, began))
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
        for (const { seq, text, id, canReply, from, inReplyTo } of got) {
          next = Math.max(next, seq)
          const sent = this.#sent.find(one => one.to === process && one.text === text)
          const isKnown = inReplyTo !== undefined || this.#addresses.some(address => isOf(address, from))
          if (sent === undefined && !isKnown) {
            if (canReply) this.stranger.wrote(text, answer => client.reply(id, answer))
          } else if (sent === undefined)
            this.#violated('read-once', `${text.length} characters that nobody sent`)
          else this.#take(sent, id, canReply)
        }
        go(next)
      },
      error => {
        if (isDamage(error)) void process.renew()
        else if (error?.name !== 'ClientError') this.#violated('none-failed', String(error))
        go(after)
      },
    )
  }

  #take(sent: Sent, id: string, canReply: boolean): void {
    sent.reads++
    this.#onMoment('read', sent)
    if (sent.reads > 1 && !isNoticed(sent))
      this.#violated('read-once', `'${sent.text.slice(0, 20)}' ${sent.reads} times`)
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
    const reply = this.#note(to, from, `${attempt} ${text}`, {
      isReply: true,
      mayRunOut,
      isLate: isNoticed(asked),
    })
    client.reply(id, reply.text).then(
      message => this.#accepted(reply, message),
      error => {
        if (error?.name !== 'ClientError') this.#violated('none-failed', String(error))
        this.#exhausted++
      },
    )
  }

  /** Looks at what a client says of what it has accepted. */
  #look(client: Client, process: Process): void {
    const at = this.#clients().indexOf(process)
    const address = this.#addresses[at] as string
    if (client.gateways.length > 0 && !isOf(address, client.address))
      this.#violated('same-person', 'another address')
    if (this.stranger.wasTold) this.#violated('strangers-unanswered', 'told that something was received')
    for (const sent of this.#sent) {
      if (sent.from !== process || sent.id === undefined) continue
      const message = client.message(sent.id)
      if (message === undefined) {
        if (isNoticed(sent)) continue
        this.#violated('nothing-lost', `${sent.isReply ? 'a reply' : 'a message'} is not known any more`)
        continue
      }
      const rank = ranks.indexOf(message.state)
      if (rank < sent.rank) this.#violated('states-forward', `${ranks[sent.rank]} to ${message.state}`)
      sent.rank = rank
      sent.failed = message.state === 'failed' ? message.reason : undefined
      sent.received ||= !sent.isReply && message.state === 'received'
      if (message.reason === 'EXPIRED') this.#violated('clock-keeps', 'a message has expired')
    }
  }

  #violated(invariant: Invariant, why: string): void {
    this.#violation ??= { invariant, why }
  }

  /** Picks what was accepted. Of many replies some find no block, and say so: that is none of what was promised. */
  #allAccepted(): Sent[] {
    return this.#sent.filter(
      sent => sent.id !== undefined && (sent.reads > 0 || !(isExhausted(sent) || isNoticed(sent))),
    )
  }

  waiting(): boolean {
    return (
      this.#allAccepted().some(({ reads }) => reads === 0) || this.#world.processes.some(one => !one.life)
    )
  }

  /** @param isOver false where there was no time for everything: what is under way still is not lost then */
  outcome(isOver: boolean): Outcome {
    const accepted = this.#allAccepted()
    const lost = accepted.filter(sent => sent.reads === 0 && (isOver || isEnded(sent)))
    if (lost.some(({ received }) => received)) this.#violated('told-truly', 'received, and not there')
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
      duplicates: this.#sent
        .filter(sent => !isNoticed(sent))
        .reduce((sum, { reads }) => sum + Math.max(0, reads - 1), 0),
      damaged: this.#sent.filter(sent => sent.id !== undefined && sent.reads === 0 && isNoticed(sent)).length,
      exhausted: this.#exhausted + this.#sent.filter(isExhausted).length,
      violation: this.#violation,
    }
  }
}

/** Tells whether two addresses are of one person: their keys stand in front of their gateways. */
function isOf(address: string, other: string | undefined): boolean {
  return other?.slice(0, keyChars) === address.slice(0, keyChars)
}

/** `chaffinch_b`, and in base32 version 1, network tag 4, two keys of 32. */
const keyChars = 11 + Math.floor((69 * 8) / 5)
