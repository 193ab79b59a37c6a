// The bounds of a gateway's mail, each filled by attackers of so many networks, who have ten names each.

import { type Mailboxes, openMailboxes } from '../../node/gateway/mailbox.ts'
import { type VirtualClock, virtualClock } from '../../world/clock.ts'
import { memoryStore } from '../../world/store.ts'
import { minute, second } from '../../world/units.ts'

const dataBytes = 750
const persons = 20
/** Messages that each person gets. */
const messages = 5
const namesOfNetwork = 10

interface World {
  readonly boxes: Mailboxes
  readonly clock: VirtualClock
}

interface MailRow {
  readonly name: string
  readonly attack: (world: World, networks: number) => Promise<void>
  /** Says whether persons have opened their mailboxes before the attack, for an hour. */
  readonly owners: boolean
  /** Says whether a person's work is mail that is kept, or a mailbox that opens. */
  readonly work: 'mail' | 'open'
}

const named = (kind: number, n: number): Uint8Array => {
  const name = new Uint8Array(32)
  new DataView(name.buffer).setUint32(0, n)
  name[31] = kind
  return name
}

const put = ({ boxes }: World, recipient: Uint8Array): Promise<boolean> =>
  new Promise(resolve => {
    const mail = {
      recipient,
      kind: 'forward' as const,
      replyId: new Uint8Array(16),
      data: new Uint8Array(dataBytes),
    }
    boxes.put(mail, end => resolve(end === 'stored'))
  })

/** As many messages as the store has bytes for, twice, for the names that a network has. */
async function flood(world: World, networks: number, isOwner: boolean): Promise<void> {
  for (let n = 0; n < networks * namesOfNetwork && isOwner; n++) {
    world.boxes.claim(named(1, n))
    world.boxes.release(named(1, n))
  }
  for (let i = 0; i < 4000; i++) await put(world, named(1, i % (networks * namesOfNetwork)))
}

async function makeUpOwners({ boxes, clock }: World, networks: number): Promise<void> {
  for (let n = 0; n < Math.max(2000, networks * 30); n++) {
    boxes.claim(named(1, n))
    boxes.release(named(1, n))
    if (n % networks === 0) await clock.advance(second)
  }
}

async function writeToNobody(world: World, networks: number): Promise<void> {
  for (let n = 0; n < 600 * Math.min(networks, 4); n++) await put(world, named(1, n))
}

export const mailRows: readonly MailRow[] = [
  {
    name: 'mail for nobody, against mail for owners',
    attack: (world, networks) => flood(world, networks, false),
    owners: true,
    work: 'mail',
  },
  {
    name: 'mail for made-up owners, against mail for owners',
    attack: (world, networks) => flood(world, networks, true),
    owners: true,
    work: 'mail',
  },
  {
    name: 'mail for nobody, against mail for who has not come yet',
    attack: (world, networks) => flood(world, networks, false),
    owners: false,
    work: 'mail',
  },
  { name: 'made-up owners, against newcomers', attack: makeUpOwners, owners: false, work: 'open' },
  {
    name: 'names of nobody, against who has not come yet',
    attack: writeToNobody,
    owners: false,
    work: 'mail',
  },
]

/** @returns the share of honest mail that is taken and still there afterwards, or of mailboxes that opened */
export async function playMail(row: MailRow, networks: number): Promise<number> {
  const clock = virtualClock(5_000_000)
  const limits = { entries: 200, minutes: 10_000, boxes: 1000, bytes: 2_000_000, waiting: 4096 }
  const boxes = await openMailboxes({ store: memoryStore(), clock, payloadBytes: dataBytes, limits })
  const world = { boxes, clock }
  const people = Array.from({ length: persons }, (_, n) => named(2, n))
  if (row.owners) for (const person of people) boxes.claim(person)
  await clock.advance(60 * minute)
  if (row.owners) for (const person of people) boxes.release(person)
  await row.attack(world, networks)
  if (row.work === 'open') return people.filter(person => boxes.claim(person)).length / persons
  for (const person of people) for (let i = 0; i < messages; i++) await put(world, person)
  // the attack goes on
  for (let n = 0; n < 200; n++) await put(world, named(1, n % (networks * namesOfNetwork)))
  let kept = 0
  for (const person of people) {
    kept += (await boxes.page(person, { after: 0, done: 0, places: messages })).entries.length
  }
  return kept / (persons * messages)
}
