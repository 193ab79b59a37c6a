// The part of chaffinch cascade client that sends and takes packets (docs/spec/packets.md 9 to 11): messages of any
// size for any recipient of the mix-net, until each is there; and what comes for this client, into a mailbox, a folder
// or an app's own address.

import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '@noble/hashes/sha2.js'
import type { Context, Hono } from 'hono'
import {
  Audit,
  type Chains,
  PacketRecipient,
  PacketSender,
  type Plan,
  plannedChains,
  type Received,
  type Recipient,
  recipientsOf,
  remoteController,
  sealingKey,
  sealingSecret,
  signerOf,
} from '../../cascade/index.ts'
import { base64 as toBase64 } from '../../encoding/base64.ts'
import { concat, fromHex, hex } from '../../encoding/bytes.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { coreGroup } from '../../shuffle/index.ts'
import { problem } from '../../world/problem.ts'
import { systemRandom } from '../../world/random.ts'
import { writeWhole } from '../files/index.ts'
import { FileShelf } from './folder.ts'

/** Says how a client sends and takes packets. */
export interface PacketClientOptions {
  /** Names a folder into which what came is written, a file a message; default: the mailbox. */
  readonly into?: string | undefined
  /** Names an address that is told of what came, by POST; default: none, it is in the mailbox. */
  readonly webhook?: string | undefined
  /** Says whether it sends in every cycle, traps where there is nothing else. */
  readonly cover?: boolean | undefined
  /** Says whether packets of messages that were lost are shown too, and not traps alone. */
  readonly showLost?: boolean | undefined
}

/** Messages that wait in the mailbox: more are left where they are. */
const mailboxAtMost = 10_000
const webhookPatienceMs = 30_000

/** Sends and takes packets, for one folder. */
export interface PacketClient {
  readonly sender: PacketSender
  readonly recipient: PacketRecipient
  /** Names this client, for others who write to it. */
  readonly own: Recipient
  tick(now: number): Promise<boolean>
  routes(app: Hono): void
  /** Finds somebody who takes messages. */
  find(id: string): Recipient | undefined
  /** Gives the state of a message, by the number that `send` gave. */
  stateOf(number: number): object
}

/**
 * Opens the packets' part of a client.
 *
 * @param seed 32 bytes, secret: that of its folder
 */
export function packetClient(
  folder: string,
  plan: Plan,
  seed: Uint8Array,
  options: PacketClientOptions,
): PacketClient {
  const group = coreGroup()
  const chains = plannedChains(plan) as Chains
  const controllerKey = fromHex(plan.controller_key)
  const audit = new Audit(plan.mixnet, controllerKey, group, systemRandom)
  const { source, post } = remoteController({ url: plan.url, fetch })
  const common = {
    mixnet: plan.mixnet,
    controllerKey,
    group,
    random: systemRandom,
    source,
    post,
    audit,
    chains,
  }
  const shelf = (name: string): FileShelf => new FileShelf(join(folder, name))
  // Who sends is somebody else on the board than who takes: nobody is told that both are one
  const sender = new PacketSender({
    ...common,
    signer: signerOf(derived(seed, 'sender')),
    shelf: shelf('sent'),
    showsLost: options.showLost === true,
    covers: options.cover === true,
  })
  const taking = derived(seed, 'recipient')
  const mailbox = new Mailbox(shelf('received'))
  const recipient = new PacketRecipient({
    ...common,
    signer: signerOf(taking),
    sealingSecret: sealingSecret(group, taking),
    sealingKey: sealingKey(group, taking),
    shelf: shelf('taken'),
    settle: plan.packets?.settle_ms ?? 0,
    deliver: delivery(options, mailbox),
  })
  const own = { id: signerOf(taking).id, sealing_key: hex(sealingKey(group, taking)) }
  return {
    sender,
    recipient,
    own,
    async tick(now) {
      const hasTaken = await recipient.tick(now)
      return (await sender.tick()) || hasTaken
    },
    routes: app => routes(app, own, mailbox, chains, audit),
    find: id => recipientsOf(audit.board).find(each => each.id === id),
    stateOf: number => {
      const state = { id: sender.keyOf(number), state: sender.progress(number) }
      const receipts = sender.receipts(number)
      sender.told(number)
      return { ...state, receipts }
    },
  }
}

/** Makes another person's seed from a folder's: 32 bytes. */
function derived(seed: Uint8Array, who: 'sender' | 'recipient'): Uint8Array {
  return sha256(concat([new TextEncoder().encode(`chaffinch-cascade-1 ${who}\n`), seed]))
}

/** Names the client of a folder, for others who write to it. @param seed 32 bytes, secret */
export function recipientOf(seed: Uint8Array): string {
  return signerOf(derived(seed, 'recipient')).id
}

interface Kept {
  readonly number: number
  readonly id: string
  readonly base64: string
}

/** Keeps what came until its app has deleted it. */
class Mailbox {
  readonly #shelf: FileShelf
  #count: number
  #waiting: number
  #lastId: string | undefined

  constructor(shelf: FileShelf) {
    this.#shelf = shelf
    this.#count = Number(shelf.get('count') ?? '0')
    this.#waiting = this.list(0, this.#count).length
    const [last] = this.list(this.#count - 1, 1)
    this.#lastId = last?.id
  }

  put({ id, bytes }: Received): boolean {
    // Told again, since it could not be written down that it is here: it comes out once all the same
    if (id === this.#lastId) return true
    if (this.#waiting >= mailboxAtMost) return false
    this.#shelf.put(
      `message ${this.#count}`,
      JSON.stringify({ number: this.#count, id, base64: toBase64(bytes) }),
    )
    this.#shelf.put('count', String(this.#count + 1))
    this.#count++
    this.#waiting++
    this.#lastId = id
    return true
  }

  list(after: number, most: number): Kept[] {
    const all: Kept[] = []
    for (let i = Math.max(0, after); i < this.#count && all.length < most; i++) {
      const kept = this.#shelf.get(`message ${i}`) ?? ''
      if (kept !== '') all.push(JSON.parse(kept) as Kept)
    }
    return all
  }

  remove(number: number): boolean {
    const name = `message ${number}`
    if ((this.#shelf.get(name) ?? '') === '') return false
    this.#shelf.put(name, '')
    this.#waiting--
    return true
  }
}

function delivery(
  { into, webhook }: PacketClientOptions,
  mailbox: Mailbox,
): (message: Received) => Promise<boolean> {
  if (into !== undefined && webhook !== undefined)
    throw new CommandError('USAGE', 'want either --into or --webhook', 'chaffinch cascade client --help')
  if (into !== undefined) {
    mkdirSync(into, { recursive: true })
    return async ({ id, bytes }) => {
      const file = join(into, id)
      if (!existsSync(file)) writeWhole(file, bytes, 0o644)
      return true
    }
  }
  if (webhook !== undefined) return async message => await told(webhook, message)
  return async message => mailbox.put(message)
}

/** Posts a message to an app; it is there when the app says 2xx. The app may be told again, of the same id. */
async function told(url: string, { id, bytes }: Received): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': id },
      body: JSON.stringify({ id, base64: toBase64(bytes) }),
      signal: AbortSignal.timeout(webhookPatienceMs),
    })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false
  }
}

const pageAtMost = 100

function routes(app: Hono, own: Recipient, mailbox: Mailbox, chains: Chains, audit: Audit): void {
  app.get('/identity', context => {
    const { body_bytes, each } = chains.form
    return context.json({ ...own, body_bytes, each, ready: chains.now(audit.board) !== undefined })
  })
  app.get('/recipients', context => context.json(recipientsOf(audit.board)))
  app.get('/received', context => {
    const after = Number(context.req.query('after') ?? '0')
    if (!Number.isSafeInteger(after) || after < 0)
      return problem(400, 'BAD_REQUEST', 'after: want a whole number')
    return context.json(mailbox.list(after, pageAtMost))
  })
  app.delete('/received/:number', (context: Context) =>
    mailbox.remove(Number(context.req.param('number')))
      ? context.body(null, 204)
      : problem(404, 'UNKNOWN', 'no message has this number'),
  )
}
