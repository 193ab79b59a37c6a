// docs/spec/client-contacts.md 17.2 and 17.4 to 17.6 against test/vectors/contacts.json: words, proofs of the sender,
// keys of a period and notices of moving, each with what is to become of it, refusals too.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Contacts } from '../client/contacts/contacts.ts'
import { ReceivingKeys } from '../client/contacts/receiving-keys.ts'
import { safetyWords } from '../client/contacts/safety-words.ts'
import { isMarked, isProven, pairKeys } from '../client/contacts/sender.ts'
import { ClientError } from '../client/error.ts'
import { type Address, readAddress, writeAddress } from '../client/packets/address.ts'
import { type From, readMessage, readReceived } from '../client/packets/content.ts'
import { readMoved } from '../client/packets/moved.ts'
import { hpkeSealing } from '../client/packets/sealing.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import { memoryStore } from '../world/store.ts'
import { contactVectors, g, keyOf } from './client-contact-vectors.ts'
import vectors from './vectors/contacts.json' with { type: 'json' }

const { network } = vectors

function addressOf({ sealingKey, mailboxKey, gateways }: typeof vectors.alice): Address {
  return {
    sealingKey: fromHex(sealingKey),
    mailboxKey: fromHex(mailboxKey),
    gateways: gateways.map(fromHex),
  }
}

/** Gives what comes of it, or the code of the error. */
function outcome<T>(run: () => T): T | string {
  try {
    return run()
  } catch (error) {
    if (error instanceof ClientError) return error.code
    throw error
  }
}

test('the vectors are what their program makes', () => {
  assert.equal(vectors, JSON.parse(JSON.stringify(contactVectors())))
})

test('words', () => {
  for (const { why, one, other, words } of vectors.words) {
    const keys = [one, other].map(({ sealingKey, mailboxKey }) => ({
      sealingKey: fromHex(sealingKey),
      mailboxKey: fromHex(mailboxKey),
    })) as [Address, Address]
    assert.equal(safetyWords(...keys), words, why)
  }
  const [first, second, ...others] = vectors.words.map(({ words }) => words.join())
  assert.is(first, second)
  for (const other of others) assert.is.not(other, first)
})

test('proofs of who wrote a message, as its receiver checks them', () => {
  const bob = keyOf(vectors.bob.sealingSecret)
  const alice = fromHex(vectors.alice.sealingKey)
  const pair = pairKeys(hpkeSealing, bob, alice, 'from')
  assert.is(hex(pair.mac), vectors.proofs.macKey)
  assert.is(hex(pair.id), vectors.proofs.idKey)
  for (const { why, messageId, marked, content, expect } of vectors.proofs.cases) {
    const [id, bytes] = [fromHex(messageId), fromHex(content)]
    assert.is(isMarked(pair, id), marked, why)
    const checked = outcome(() => {
      const { from } = readMessage(g, bytes) as { readonly from: From }
      const writer = pairKeys(hpkeSealing, bob, from.address.sealingKey, 'from')
      return isProven(writer, id, bytes) ? 'proven' : 'BAD_CONTENT'
    })
    assert.is(checked, expect, why)
  }
})

test('keys of a period: which is sealed to, what opens, for how long a secret is kept, how they are told', async () => {
  const { periodMs, keys, sealedTo, kept, fragment, received } = vectors.periods
  const own = keyOf(vectors.alice.sealingSecret)
  const contacts = await Contacts.open({ store: memoryStore(), sealing: hpkeSealing, own, network, periodMs })
  const bob = addressOf(vectors.bob)
  await contacts.add('bob', writeAddress(bob, network))
  contacts
    .learn(
      bob.sealingKey,
      keys.map(({ period, key }) => ({ period, key: fromHex(key) })),
    )
    .commit()
  for (const { why, at, period } of sealedTo) {
    const want = keys.find(one => one.period === period)?.key ?? vectors.bob.sealingKey
    assert.is(hex(contacts.keyFor(bob.sealingKey, at)), want, why)
  }
  for (const { why, period, at, mailboxMs, isKept } of kept) {
    const store = memoryStore()
    await store.put(`receiving/${String(period).padStart(10, '0')}`, fromHex(keys[0]?.secret as string))
    const receiving = await ReceivingKeys.open(
      store,
      hpkeSealing,
      length => new Uint8Array(length).fill(7),
      periodMs,
    )
    await receiving.advance(at, mailboxMs)
    assert.is(
      receiving.all().some(key => hex(key.public) === keys[0]?.key),
      isKept,
      why,
    )
  }
  for (const { why, secret, expect } of fragment.opens) {
    const plain = outcome(() => hex(hpkeSealing.open(keyOf(secret), fromHex(fragment.sealed))))
    assert.is(plain, expect === 'plain' ? fragment.plain : expect, why)
  }
  const all = keys.map(({ period, key }) => `${period} ${key}`)
  for (const { why, content, expect } of received) {
    const read = outcome(() =>
      readReceived(fromHex(content)).map(({ period, key }) => `${period} ${hex(key)}`),
    )
    assert.equal(read, expect === 'keys' ? all : expect === 'none' ? [] : expect, why)
  }
})

test('notices of moving, as a correspondent takes them', async () => {
  const { last, gateways, cases } = vectors.moved
  const alice = addressOf(vectors.alice)
  for (const { why, content, expect } of cases) {
    const own = keyOf(vectors.bob.sealingSecret)
    const store = memoryStore()
    const init = { store, sealing: hpkeSealing, own, network, periodMs: 1 }
    const before = await Contacts.open(init)
    await before.add('alice', writeAddress(alice, network))
    const [[key, record]] = (await store.iterator({ gt: 'contact/' }).all()) as [[string, Uint8Array]]
    const { decode, encode } = await import('@ipld/dag-cbor')
    await store.put(key, encode({ ...(decode(record) as object), moved: last }))
    const contacts = await Contacts.open(init)
    const taken = outcome(() => {
      contacts.moved(readMoved(fromHex(content))).commit()
      const now = readAddress(contacts.find('alice')?.address as string, network).gateways.map(hex)
      return now.join() === gateways.join()
        ? 'taken'
        : now.join() === alice.gateways.map(hex).join()
          ? 'ignored'
          : now
    })
    assert.is(taken, expect, why)
  }
})

test.run()
