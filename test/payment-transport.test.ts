// docs/spec/payments-ledger.md 3.7, docs/spec/payments-rounds.md 4.10: peers at clients of a mixnet in memory join over
// the bulletin, and ask a ledger that does not know them.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { BulletinEntry, Client } from '../client/index.ts'
import { ClientError } from '../client/index.ts'
import { hex } from '../encoding/bytes.ts'
import { type EmbeddedLedger, openLedger } from '../payment/ledger/embedded.ts'
import { FollowedLedger } from '../payment/ledger/followed.ts'
import type { SignedHead } from '../payment/ledger/log.ts'
import { answerQuestion, ledgerService } from '../payment/ledger/service.ts'
import { type Note, notesOf, ownerOf, readTransaction, signMint } from '../payment/ledger/transaction.ts'
import { embeddedJoins } from '../payment/rounds/join.ts'
import { Mixer, type MixerReport } from '../payment/rounds/mixer.ts'
import { RoundTransport, type Topic } from '../payment/rounds/transport.ts'
import { virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore } from '../world/store.ts'
import { minute, second } from '../world/units.ts'
import { bulletinWorld, bytes, gateways, join } from './bulletin-world.ts'

const [ledgerSeed, mintSeed] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
const genesis = { name: 'test', ledgerKey: ownerOf(ledgerSeed), mintKey: ownerOf(mintSeed) }

async function mint(ledger: EmbeddedLedger, secrets: readonly Uint8Array[]): Promise<Note[]> {
  const outputs = secrets.map(secret => ({ denomination: 10, owner: ownerOf(secret) }))
  const signed = signMint(ledger.id, seededRandom(7)(32), outputs, mintSeed)
  await ledger.submit(signed)
  const { id, transaction } = readTransaction(ledger.id, signed)
  return notesOf(id, transaction)
}

test('three peers at three clients join by themselves over the mixnet', async () => {
  const w = await bulletinWorld({
    userBytes: 2000,
    parameters: { payloadPerMinute: 120, readPerMinute: 90, bulletinPageBytes: 4096 },
  })
  const { clock } = w
  const [first, second_] = gateways(w)
  const ledger = await openLedger({
    store: memoryStore(),
    genesis,
    ledgerSeed,
    now: () => Math.floor(clock.now()),
  })
  const teller = await join(w, [first!])
  const service = teller.serve(ledgerService, ({ bytes }) => answerQuestion(ledger, bytes))
  const secrets = [1, 2, 3].map(n => new Uint8Array(32).fill(n))
  const notes = await mint(ledger, secrets)
  // Reading the ledger's log takes some 20 s here: pages of mail leave at fixed times, and the log comes in several.
  const times = {
    epochMs: 2 * minute,
    arriveMs: 30 * second,
    roundMs: 10 * minute,
    phaseMs: minute,
    voteMs: minute / 2,
  }
  const told: MixerReport[] = []
  const heads: SignedHead[] = []
  const peers: { client: Client; mixer: Mixer; transport: RoundTransport; followed: FollowedLedger }[] = []
  for (const [i, note] of notes.entries()) {
    const client = await join(w, [i % 2 === 0 ? first! : second_!])
    const store = memoryStore()
    let mixer: Mixer | undefined
    const followed = await FollowedLedger.open({
      genesis,
      store: memoryStore(),
      ledger: question => client.request(teller.address, ledgerService, question, { deadlineMs: minute }),
      clock,
      random: seededRandom(300 + i),
      log: silent,
      everyMs: 5 * second,
      onHead: head => heads.push(head),
    })
    const transport = await RoundTransport.open({
      topic: client.bulletin('payments'),
      store,
      clock,
      log: silent,
      receive: message => mixer?.receive(message),
      giveUpMs: times.phaseMs + times.voteMs,
    })
    mixer = await Mixer.open({
      scheme: embeddedJoins(ledger.id),
      ledger: followed,
      clock,
      random: seededRandom(100 + i),
      store,
      log: silent,
      times,
      publish: message => transport.publish(message),
      report: report => {
        told.push(report)
      },
    })
    mixer.join(note, secrets[i]!)
    peers.push({ client, mixer, transport, followed })
  }
  const settled = (): MixerReport[] => told.filter(({ what }) => what.type === 'settled')
  for (let n = 0; n < 120 && settled().length < 3; n++) await clock.advance(5 * second)

  assert.equal(
    settled().map(({ what }) => (what.type === 'settled' ? what.settlement.is : '')),
    ['paid', 'paid', 'paid'],
  )
  const spentBy = new Set<string>()
  for (const { id } of notes) spentBy.add(hex((await ledger.note(id))!.spentBy!))
  assert.is(spentBy.size, 1, 'one join spends all of them')
  assert.ok(heads.length >= 3, 'receipts come with heads')
  for (const { transport } of peers) {
    assert.is(transport.counters.failed, 0)
    // KE, SR, DC, OK, CM and a request of each
    assert.ok(transport.counters.published >= 6)
  }
  for (const { client, mixer, transport, followed } of peers) {
    mixer.close()
    followed.close()
    await transport.close()
    await client.close()
  }
  assert.ok(service.counts.fine > 3)
  await teller.close()
  await service.ended
  await w.close()
})

/** A topic that others than the transport control. */
function fakeTopic(): Topic & { published: Uint8Array[]; fail: string[]; entered: BulletinEntry[] } {
  const topic = {
    name: 'payments',
    published: [] as Uint8Array[],
    fail: [] as string[],
    entered: [] as BulletinEntry[],
    async publish(message: Uint8Array): Promise<string> {
      topic.published.push(message)
      const code = topic.fail.shift()
      if (code !== undefined) throw new ClientError(code as 'NOT_PUBLISHED', 'not now')
      return 'id'
    },
    async *entries({ after = -1 } = {}): AsyncGenerator<BulletinEntry, void, undefined> {
      for (const entry of topic.entered) if (entry.seq > after) yield entry
    },
  }
  return topic
}

test('a message is published again with the same bytes, until it is there or of no use any more', async () => {
  const clock = virtualClock(1_800_000_000_000)
  const topic = fakeTopic()
  const init = { topic, store: memoryStore(), clock, log: silent, receive: () => {}, giveUpMs: minute }
  const transport = await RoundTransport.open(init)
  topic.fail = ['NOT_PUBLISHED', 'QUEUE_FULL']
  transport.publish(bytes('one'))
  await clock.advance(minute)
  assert.equal(topic.published, [bytes('one'), bytes('one'), bytes('one')])
  assert.equal(transport.counters, { published: 1, repeated: 2, failed: 0, received: 0 })
  topic.fail = Array(99).fill('NOT_PUBLISHED')
  transport.publish(bytes('two'))
  await clock.advance(10 * minute)
  assert.is(transport.counters.failed, 1)
  assert.ok(topic.published.length < 12)
  topic.fail = ['BAD_ENTRY']
  transport.publish(bytes('three'))
  await clock.advance(minute)
  assert.is(transport.counters.failed, 2)
  topic.fail = Array(9).fill('NOT_PUBLISHED')
  transport.publish(bytes('four'))
  await clock.advance(1)
  await transport.close()
  assert.is(clock.pending, 0)
})

test('what others published is received once, also after a restart, and never one’s own', async () => {
  const clock = virtualClock(0)
  const topic = fakeTopic()
  const store = memoryStore()
  const got: string[] = []
  const receive = (message: Uint8Array): void => void got.push(new TextDecoder().decode(message))
  const enter = (...texts: string[]): void => {
    for (const text of texts)
      topic.entered.push({ seq: topic.entered.length, id: '', at: 0, bytes: bytes(text) })
  }
  enter('a')
  const init = { topic, store, clock, log: silent, receive, giveUpMs: minute }
  const before = await RoundTransport.open(init)
  await clock.advance(1)
  await before.close()
  enter('b', 'mine')
  const after = await RoundTransport.open(init)
  after.publish(bytes('mine'))
  await clock.advance(1)
  await after.close()
  assert.equal(got, ['a', 'b'])
})

test.run()
