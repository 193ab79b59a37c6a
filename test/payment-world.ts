// Persons with payments at clients of a mixnet in memory, and a ledger that one more client serves. Not a test itself.

import type { Hono } from 'hono'
import type { Access, Env } from '../client/api/access.ts'
import { clientRoutes } from '../client/api/daemon.ts'
import { sealedValues } from '../client/folder/vault.ts'
import type { BulletinTopic, Client } from '../client/index.ts'
import type { Service } from '../client/service.ts'
import type { Parameters } from '../directory/documents/view.ts'
import { fromHex } from '../encoding/bytes.ts'
import { paymentApi } from '../payment/api/routes.ts'
import { type EmbeddedLedger, openLedger } from '../payment/ledger/embedded.ts'
import { answerProof } from '../payment/ledger/heads.ts'
import type { Genesis } from '../payment/ledger/ledger.ts'
import { answerQuestion, ledgerService } from '../payment/ledger/service.ts'
import { ownerOf, signMint } from '../payment/ledger/transaction.ts'
import { Payments } from '../payment/person/payments.ts'
import type { PaymentTimes } from '../payment/times.ts'
import { silent } from '../world/log.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore, type Store } from '../world/store.ts'
import { minute, second } from '../world/units.ts'
import { bulletinWorld, during, gateways, join } from './bulletin-world.ts'
import type { World } from './node-world.ts'

const ledgerSeed = new Uint8Array(32).fill(1)
export const mintSeed: Uint8Array = new Uint8Array(32).fill(2)
export const genesis: Genesis = { name: 'test', ledgerKey: ownerOf(ledgerSeed), mintKey: ownerOf(mintSeed) }
export const times: PaymentTimes = {
  epochMs: 20 * second,
  arriveMs: 8 * second,
  roundMs: 4 * minute,
  phaseMs: minute,
  voteMs: minute / 2,
  delayMs: 5 * second,
  followMs: 10 * second,
}

/** Speaks for the ledger: an honest one asks the one that there is. */
export type Teller = (question: Uint8Array) => Promise<Uint8Array>

export interface Person {
  readonly client: Client
  readonly payments: Payments
  readonly store: Store
  readonly api: Hono<Env>
  /** A request to the API, while time passes. */
  ask(path: string, body?: object, token?: string): Promise<{ status: number; body: Record<string, unknown> }>
}

export interface PaymentWorld {
  readonly w: World
  readonly ledger: EmbeddedLedger
  readonly service: Service
  readonly persons: readonly Person[]
  /** A note of this denomination for each person. */
  mint(denomination: number): Promise<void>
  close(): Promise<void>
}

export async function openTestLedger(now: () => number): Promise<EmbeddedLedger> {
  return await openLedger({ store: memoryStore(), genesis, ledgerSeed, now })
}

/** Says what an honest ledger says. */
export function honest(ledger: EmbeddedLedger): Teller {
  return async question => answerProof(ledger, question) ?? (await answerQuestion(ledger, question))
}

export interface PaymentWorldOptions {
  readonly persons: number
  /** Makes what stands at the ledger's address. */
  readonly tellerOf?: (ledger: EmbeddedLedger) => Teller
  /** Makes what stands at another address, which every second person is told in place of the ledger's. */
  readonly otherOf?: (ledger: EmbeddedLedger) => Teller
  /** Knows the tokens of the API. */
  readonly who?: (w: World) => Access
  /** True when persons tell each other heads, and hear them. */
  readonly isGossiping?: boolean
  readonly parameters?: Partial<Parameters>
}

export async function paymentWorld({
  persons: count,
  tellerOf = honest,
  otherOf,
  who,
  isGossiping = true,
  parameters = {},
}: PaymentWorldOptions): Promise<PaymentWorld> {
  const w = await bulletinWorld({
    userBytes: 2000,
    parameters: { payloadPerMinute: 120, readPerMinute: 90, bulletinPageBytes: 4096, ...parameters },
  })
  const ledger = await openTestLedger(() => Math.floor(w.clock.now()))
  const at = gateways(w)
  const home = at[0]
  if (home === undefined) throw new Error('no gateway')
  const clerk = await join(w, [home])
  const tell = tellerOf(ledger)
  const service = clerk.serve(ledgerService, ({ bytes }) => tell(bytes))
  const other = otherOf === undefined ? undefined : { clerk: await join(w, [home]), tell: otherOf(ledger) }
  const second = other?.clerk.serve(ledgerService, ({ bytes }) => other.tell(bytes))
  const persons: Person[] = []
  for (let i = 0; i < count; i++) {
    const client = await join(w, [at[i % at.length] ?? home])
    const { address } = i % 2 === 1 && other !== undefined ? other.clerk : clerk
    persons.push(await openPerson(w, { client, address, seed: i, who: who?.(w), isGossiping }))
  }
  return {
    w,
    ledger,
    service,
    persons,
    async mint(denomination) {
      const outputs: { denomination: number; owner: Uint8Array }[] = []
      for (const { payments } of persons) {
        const { key } = await payments.address()
        outputs.push({ denomination, owner: fromHex(key) })
      }
      await ledger.submit(signMint(ledger.id, w.random(32), outputs, mintSeed))
      // Nobody can pay with what the ledger's log has not shown to them yet
      const isSeen = async (): Promise<boolean> =>
        (await Promise.all(persons.map(({ payments }) => payments.account('open')))).every(({ notes }) =>
          notes.includes(denomination),
        )
      for (let n = 0; n < 20 && !(await during(w, isSeen())); n++) await w.clock.advance(times.followMs)
    },
    async close() {
      for (const { payments, client } of persons) {
        await during(w, payments.close())
        await client.close()
      }
      await clerk.close()
      await other?.clerk.close()
      await Promise.all([service.ended, second?.ended])
      await w.close()
    },
  }
}

interface PersonInit {
  readonly client: Client
  /** The ledger's address. */
  readonly address: string
  readonly seed: number
  readonly who: Access | undefined
  readonly isGossiping: boolean
}

/** A topic on which nothing is heard and nothing said. */
function nobodys(topic: BulletinTopic): BulletinTopic {
  return { ...topic, publish: async () => '', async *entries() {} }
}

async function openPerson(
  w: World,
  { client, address, seed, who, isGossiping }: PersonInit,
): Promise<Person> {
  const { clock } = w
  const random = seededRandom(500 + seed)
  const store = memoryStore(sealedValues(random(32), random))
  const payments = await Payments.open({
    client: {
      address: client.address,
      // Requests to join carry heads too
      bulletin: name => (isGossiping ? client.bulletin(name) : nobodys(client.bulletin(name))),
      request: (...asked) => client.request(...asked),
      serve: (...served) => client.serve(...served),
    },
    ledger: { genesis, address },
    seed: new Uint8Array(64).fill(seed),
    store,
    publicLog: memoryStore(),
    clock,
    random,
    log: silent,
    times,
  })
  await payments.carry()
  const part = paymentApi({
    payments: async () => payments,
    on: tell => payments.on(tell),
    apps: new Set(['shop']),
    now: () => clock.now(),
  })
  const api = clientRoutes({ client, clock, closing: new AbortController().signal, parts: [part] }, who)
  return {
    client,
    payments,
    store,
    api,
    async ask(path, body, token) {
      const headers: Record<string, string> = { 'content-type': 'application/json' }
      if (token !== undefined) headers['authorization'] = `Bearer ${token}`
      const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
      const response = await during(w, Promise.resolve(api.request(path, init)))
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    },
  }
}
