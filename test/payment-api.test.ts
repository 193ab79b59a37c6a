// docs/spec/payments-paymix.md 5.10: payments over the HTTP API, from the quote to the receipt, at clients of a mixnet
// in memory.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { access } from '../client/api/access.ts'
import { hex } from '../encoding/bytes.ts'
import type { PaymentError } from '../payment/error.ts'
import type { Account } from '../payment/person/account.ts'
import type { PaymentsEvent } from '../payment/person/news.ts'
import { Quotes } from '../payment/person/quotes.ts'
import { makeRequest, readReceipt, readRequest } from '../payment/person/request.ts'
import { virtualClock } from '../world/clock.ts'
import { seededRandom } from '../world/random.ts'
import { minute, second } from '../world/units.ts'
import { type PaymentWorld, type Person, paymentWorld, times } from './payment-world.ts'

/** Tens go to rounds in epochs that leave 0 when divided by 3: the next one, from its beginning. */
async function untilTurn({ w: { clock } }: PaymentWorld): Promise<void> {
  const turn = 3 * times.epochMs
  await clock.advance(turn - (clock.now() % turn))
}

async function sign(person: Person, path: string, wanted: object): Promise<string> {
  const quoted = await person.ask(path, wanted)
  assert.is(quoted.status, 201, JSON.stringify(quoted.body))
  const signed = await person.ask(`/pay/quotes/${quoted.body['quote']}`, {})
  assert.is(signed.status, 202, JSON.stringify(signed.body))
  return signed.body['payment'] as string
}

test('from a quote to "paid": three persons at three clients, receipts with the two sides and nowhere else', async () => {
  const world = await paymentWorld({ persons: 3 })
  const [payer, receiver, other] = world.persons as [Person, Person, Person]
  await world.mint(10)
  await untilTurn(world)
  const events: PaymentsEvent[] = []
  payer.payments.on(event => events.push(event))

  const made = await receiver.ask('/pay/request', { amount: 10, memo: 'tea' })
  const request = made.body['request'] as string
  const paying = await sign(payer, '/pay/send', { request, peers: 3, colluding: 1 })
  for (const mixer of [receiver, other]) await sign(mixer, '/pay/mix', { amount: 10 })
  const isDone = async (): Promise<boolean> =>
    (await payer.payments.payments()).payments.every(({ receipt }) => receipt !== null)
  for (let n = 0; n < 40 && !(await isDone()); n++) await world.w.clock.advance(5 * second)

  const { body } = await payer.ask('/pay/history')
  const [paid] = (body as unknown as Account).payments
  assert.equal(
    [paid?.payment, paid?.amount, paid?.paid, paid?.isPaid, paid?.memo],
    [paying, 10, 10, true, 'tea'],
  )
  const asked = (await receiver.ask('/pay/history')).body as unknown as Account
  const line = asked.requests.find(({ memo }) => memo === 'tea')
  assert.is(line?.isPaid, true)
  assert.is(line?.receipt, paid?.receipt, 'both sides hold the same receipt')
  const signedRequest = readRequest(new Uint8Array(Buffer.from(request, 'base64url')))
  const receipt = new Uint8Array(Buffer.from(paid?.receipt ?? '', 'base64url'))
  assert.ok(readReceipt(receipt, signedRequest).at > 0)
  const kept = `receipt/${hex(signedRequest.hash)}`
  assert.equal(
    await Promise.all(world.persons.map(async ({ store }) => (await store.get(kept)) !== undefined)),
    [true, true, false],
  )
  // one transaction took all three notes
  const seen = new Set<string>(events.map(event => (event.type === 'piece' ? event.data.state : event.type)))
  for (const state of ['mixing', 'mixed', 'paying', 'paid', 'payment']) assert.ok(seen.has(state), state)
  const log = await world.ledger.entries(0, 10)
  assert.ok(log.length >= 4, 'genesis, mint, one join, payouts')
  await world.close()
})

test('a quote is signed once, by who asked for it, while it is fresh; what cannot be paid says why', async () => {
  const tokens = new Map([
    ['shop', 'the token of the shop'],
    ['chat', 'the token of the chat'],
  ])
  const world = await paymentWorld({
    persons: 1,
    who: w => access({ clock: w.clock, token: "the owner's own token", apps: tokens, perMinute: 6000 }),
  })
  const [person] = world.persons as [Person]
  const owner = "the owner's own token"
  const code = async (path: string, body: object | undefined, token: string): Promise<string> => {
    const { status, body: said } = await person.ask(path, body, token)
    return `${status} ${said['code'] ?? ''}`
  }
  assert.is(await code('/pay/payments', undefined, 'nobody'), '401 BAD_TOKEN')
  assert.is(await code('/pay/payments', undefined, tokens.get('chat') as string), '403 MAY_NOT_PAY')
  assert.is(await code('/pay/mix', { amount: 10 }, tokens.get('chat') as string), '403 MAY_NOT_PAY')
  assert.is(await code('/pay/payments', undefined, tokens.get('shop') as string), '200 ')
  assert.is(await code('/pay/mix', { amount: 0 }, owner), '400 BAD_REQUEST')
  assert.is(await code('/pay/mix', { amount: 10, more: 1 }, owner), '400 BAD_REQUEST')
  assert.is(await code('/pay/send', { request: 'AAAA' }, owner), '400 BAD_DOCUMENT')
  assert.is(await code('/pay/quotes/none', {}, owner), '404 NO_QUOTE')

  const quote = async (): Promise<string> => {
    const { body } = await person.ask('/pay/mix', { amount: 80, peers: 10, colluding: 3 }, owner)
    const told = body['forecast'] as { effectiveSet: number; colluding: unknown[]; pieces: number[] }
    assert.equal([told.effectiveSet, told.colluding.length, told.pieces.length], [10, 4, 3])
    return `/pay/quotes/${body['quote']}`
  }
  const first = await quote()
  assert.is(await code(first, {}, tokens.get('shop') as string), '404 NO_QUOTE', "another's quote")
  assert.is(await code(first, {}, owner), '409 NO_NOTE', 'the wallet is empty')
  assert.is(await code(first, {}, owner), '404 NO_QUOTE', 'it was taken')
  assert.equal(
    (await person.payments.payments()).payments,
    [],
    'what could not begin has left nothing behind',
  )
  const { body } = await person.ask('/openapi.json', undefined, owner)
  const paths = body['paths'] as Record<string, Record<string, { responses: Record<string, unknown> }>>
  for (const path of ['/pay/address', '/pay/request', '/pay/send', '/pay/mix', '/pay/quotes/{quote}'])
    assert.ok(paths[path]?.['post']?.responses['403'], path)
  for (const path of ['/pay/status', '/pay/history', '/pay/payments']) assert.ok(paths[path]?.['get'], path)
  await world.close()
})

test('a quote is good for ten minutes, and there are not more than 64', async () => {
  const clock = virtualClock(1_800_000_000_000)
  const ledger = new Uint8Array(32)
  const quotes = new Quotes({ ledger, random: seededRandom(1), clock, times })
  const make = (): string =>
    quotes.make(
      { what: 'mix', amount: 10, deadline: clock.now() + minute, memo: '' },
      { peers: 8, colluding: 2 },
      '',
    ).quote
  const code = (run: () => unknown): string => {
    try {
      run()
      return 'fine'
    } catch (error) {
      return (error as PaymentError).code
    }
  }
  const [old, first] = [make(), make()]
  await clock.advance(10 * minute)
  assert.is(
    code(() => quotes.take(old, '')),
    'NO_QUOTE',
  )
  for (let n = 0; n < 64; n++) make()
  assert.is(
    code(() => quotes.take(first, '')),
    'NO_QUOTE',
  )
  const other = makeRequest(
    { ledger: ledger.map(() => 7), amount: 5, deadline: clock.now() + minute, memo: '', receipts: '' },
    seededRandom(2),
  )
  const send = (request: Uint8Array): unknown =>
    quotes.make({ what: 'send', request }, { peers: 8, colluding: 2 }, '')
  assert.is(
    code(() => send(other.request)),
    'WRONG_LEDGER',
  )
  const late = makeRequest(
    { ledger, amount: 5, deadline: clock.now(), memo: '', receipts: '' },
    seededRandom(2),
  )
  assert.is(
    code(() => send(late.request)),
    'WRONG_STATE',
  )
})

test.run()
