// Makes test/vectors/contacts.json: what docs/spec/client-contacts.md 17.2 and 17.4 to 17.6 say, as bytes. Run as a
// program it writes the file anew; client-contact-vectors.test.ts holds the code to what stands there.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ed25519PublicKey } from '#crypto'
import { safetyWords } from '../client/contacts/safety-words.ts'
import { markedId, pairKeys, prove } from '../client/contacts/sender.ts'
import type { Address } from '../client/packets/address.ts'
import { writeMessage, writeReceived } from '../client/packets/content.ts'
import { writeMoved } from '../client/packets/moved.ts'
import { hpkeSealing, type SealingKey } from '../client/packets/sealing.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import { type Geometry, geometry } from '../sphinx/geometry.ts'
import { type Random, seededRandom } from '../world/random.ts'
import { day } from '../world/units.ts'

const file = join(import.meta.dirname, 'vectors/contacts.json')
export const g: Geometry = geometry({ suite: 'x25519', hops: 5, userBytes: 2000 })
export const network = 'vectors'

interface Person {
  readonly sealing: SealingKey
  readonly seed: Uint8Array
  readonly address: Address
}

function person(random: Random, gateways: number): Person {
  const [sealing, seed] = [hpkeSealing.key(random(32)), random(32)]
  const ids = Array.from({ length: gateways }, () => random(32))
  return {
    sealing,
    seed,
    address: { sealingKey: sealing.public, mailboxKey: ed25519PublicKey(seed), gateways: ids },
  }
}

function told({ sealing, seed, address }: Person) {
  return {
    sealingSecret: hex(sealing.secret),
    sealingKey: hex(sealing.public),
    mailboxSeed: hex(seed),
    mailboxKey: hex(address.mailboxKey),
    gateways: address.gateways.map(hex),
  }
}

function changed(bytes: Uint8Array, at: number): string {
  const copy = bytes.slice()
  copy[at] = (copy[at] as number) ^ 1
  return hex(copy)
}

/** The words of 17.5, of pairs that differ in one thing each. */
function wordsOf(alice: Person, bob: Person, carol: Person) {
  const of = (why: string, one: Address, other: Address) => ({
    why,
    one: { sealingKey: hex(one.sealingKey), mailboxKey: hex(one.mailboxKey) },
    other: { sealingKey: hex(other.sealingKey), mailboxKey: hex(other.mailboxKey) },
    words: safetyWords(one, other),
  })
  return [
    of('two people', alice.address, bob.address),
    of('the same from the other end', bob.address, alice.address),
    of('somebody else', alice.address, carol.address),
    of('another mailbox', alice.address, { ...bob.address, mailboxKey: carol.address.mailboxKey }),
  ]
}

const fromBit = 0x08

/** A reply that Alice's client sends by address (docs/spec/client-replies.md 7.8): dice of its own. */
function answerOf({ address }: Person): { id: Uint8Array; content: Uint8Array; conversationAt: number } {
  const random = seededRandom(78)
  const [id, conversation, reply] = [random(16), random(16), random(16)]
  const content = writeMessage(g, {
    wantsRead: false,
    wantsReceived: false,
    from: { address, keys: [], proof: new Uint8Array(32) },
    answers: { conversation, reply },
    app: '',
    blocks: [],
    bytes: new TextEncoder().encode('late, but here'),
  })
  const conversationAt = content.length - 'late, but here'.length - 1 - reply.length - conversation.length
  return { id, content, conversationAt }
}

/** Proofs of 17.2 that Bob checks, of messages that say Alice wrote them. */
function proofsOf(random: Random, alice: Person, bob: Person, carol: Person) {
  const keys = pairKeys(hpkeSealing, alice.sealing, bob.address.sealingKey, 'to')
  const write = (text: string): Uint8Array =>
    writeMessage(g, {
      wantsRead: false,
      wantsReceived: true,
      from: {
        address: alice.address,
        keys: [{ period: 2900, key: random(32) }],
        proof: new Uint8Array(32),
      },
      app: 'chat',
      blocks: [],
      bytes: new TextEncoder().encode(text),
    })
  const id = markedId(keys, random)
  const content = write('it was me')
  prove(keys, id, content)
  const other = write('it was me')
  prove(pairKeys(hpkeSealing, carol.sealing, bob.address.sealingKey, 'to'), id, other)
  const reflected = write('it was me')
  prove(pairKeys(hpkeSealing, bob.sealing, alice.address.sealingKey, 'to'), id, reflected)
  const strange = random(16)
  const answering = answerOf(alice)
  const answer = answering.content.slice()
  prove(keys, answering.id, answer)
  const anonymous = answer.slice()
  anonymous[0] = (anonymous[0] as number) & ~fromBit
  const case_ = (
    why: string,
    messageId: string,
    bytes: string,
    expect: 'proven' | 'BAD_CONTENT',
    marked = true,
  ) => ({
    why,
    messageId,
    marked,
    content: bytes,
    expect,
  })
  return {
    macKey: hex(keys.mac),
    idKey: hex(keys.id),
    cases: [
      case_('as Alice writes it', hex(id), hex(content), 'proven'),
      case_('under another id of hers', hex(markedId(keys, random)), hex(content), 'BAD_CONTENT'),
      case_('under an id that names nobody', hex(strange), hex(content), 'BAD_CONTENT', false),
      case_('a bit of the text differs', hex(id), changed(content, content.length - 1), 'BAD_CONTENT'),
      case_('a bit of the proof differs', hex(id), changed(content, 1), 'BAD_CONTENT'),
      case_('a gateway of hers differs', hex(id), changed(content, 1 + 32 + 64 + 1), 'BAD_CONTENT'),
      case_('Carol writes in her name', hex(id), hex(other), 'BAD_CONTENT'),
      case_('what Bob writes to her, sent back to him', hex(id), hex(reflected), 'BAD_CONTENT'),
      case_('cut off within the keys', hex(id), hex(content.subarray(0, 150)), 'BAD_CONTENT'),
      case_('a reply by address', hex(answering.id), hex(answer), 'proven', false),
      case_(
        'a reply by address: a bit of what it answers differs',
        hex(answering.id),
        changed(answer, answering.conversationAt),
        'BAD_CONTENT',
        false,
      ),
      case_(
        'a reply by address that does not say whose',
        hex(answering.id),
        hex(anonymous),
        'BAD_CONTENT',
        false,
      ),
    ],
  }
}

/** Keys of a period, 17.4: which one a fragment is sealed to, for how long a secret is kept, how they are told. */
function periodsOf(random: Random, bob: Person) {
  const keys = [2900, 2901, 2903].map(period => ({ period, own: hpkeSealing.key(random(32)) }))
  const plain = random(1952)
  const sealed = hpkeSealing.seal((keys[0] as (typeof keys)[0]).own.public, plain, random)
  const received = writeReceived(keys.map(({ period, own }) => ({ period, key: own.public })))
  const at = (period: number, more = 0): number => period * 7 * day + more
  const pick = (why: string, when: number, period: number | 'address') => ({ why, at: when, period })
  return {
    periodMs: 7 * day,
    keys: keys.map(({ period, own }) => ({ period, secret: hex(own.secret), key: hex(own.public) })),
    sealedTo: [
      pick('the first moment of a period', at(2900), 2900),
      pick('its last', at(2901) - 1, 2900),
      pick('the next', at(2901), 2901),
      pick('one that is not known: the nearest to come', at(2902), 2903),
      pick('before all that are known: the nearest to come', at(2800), 2900),
      pick('behind all that are known', at(2904), 'address'),
    ],
    kept: [
      { why: 'while its period lasts', period: 2900, at: at(2901) - 1, mailboxMs: 14 * day, isKept: true },
      {
        why: 'while mail may wait',
        period: 2900,
        at: at(2901, 14 * day - 1),
        mailboxMs: 14 * day,
        isKept: true,
      },
      { why: 'no longer', period: 2900, at: at(2901, 14 * day), mailboxMs: 14 * day, isKept: false },
    ],
    fragment: {
      plain: hex(plain),
      sealed: hex(sealed),
      opens: [
        {
          why: 'with the key of its period',
          secret: hex((keys[0] as (typeof keys)[0]).own.secret),
          expect: 'plain',
        },
        {
          why: 'with that of another',
          secret: hex((keys[1] as (typeof keys)[0]).own.secret),
          expect: 'BAD_SEAL',
        },
        { why: 'with that of the address', secret: hex(bob.sealing.secret), expect: 'BAD_SEAL' },
      ],
    },
    received: [
      { why: 'three keys', content: hex(received), expect: 'keys' },
      { why: 'none', content: '00', expect: 'none' },
      { why: 'cut off', content: hex(received.subarray(0, -1)), expect: 'BAD_CONTENT' },
      { why: 'a byte too many', content: `${hex(received)}00`, expect: 'BAD_CONTENT' },
      { why: 'more than eight', content: `09${'00'.repeat(9 * 36)}`, expect: 'BAD_CONTENT' },
      { why: 'empty', content: '', expect: 'BAD_CONTENT' },
    ],
  }
}

/** Notices of 17.6 from Alice, to whom Bob knows her by her address; the last that he took had serial 1000. */
function movedOf(random: Random, alice: Person, carol: Person) {
  const gateways = [random(32), random(32)]
  const own = { seed: alice.seed, key: alice.address.mailboxKey }
  const notice = { serial: 1001, sealingKey: alice.address.sealingKey, gateways }
  const good = writeMoved(network, own, notice)
  const like = (what: Partial<typeof notice>): Uint8Array => writeMoved(network, own, { ...notice, ...what })
  const case_ = (why: string, content: string, expect: 'taken' | 'ignored' | 'BAD_CONTENT') => ({
    why,
    content,
    expect,
  })
  return {
    last: 1000,
    gateways: gateways.map(hex),
    cases: [
      case_('as she signs it', hex(good), 'taken'),
      case_('the last one again', hex(like({ serial: 1000 })), 'ignored'),
      case_('an older one', hex(like({ serial: 1 })), 'ignored'),
      case_('the serial differs from the signed', changed(good, 7), 'BAD_CONTENT'),
      case_('a gateway differs from the signed', changed(good, 41), 'BAD_CONTENT'),
      case_('the signature differs', changed(good, good.length - 1), 'BAD_CONTENT'),
      case_(
        'another has signed it',
        hex(writeMoved(network, { seed: carol.seed, key: carol.address.mailboxKey }, notice)),
        'BAD_CONTENT',
      ),
      case_('for another network', hex(writeMoved('another', own, notice)), 'BAD_CONTENT'),
      case_('of nobody who is known', hex(like({ sealingKey: carol.address.sealingKey })), 'BAD_CONTENT'),
      case_('no gateway', hex(like({ gateways: [] })), 'BAD_CONTENT'),
      case_('four', hex(like({ gateways: [1, 2, 3, 4].map(() => random(32)) })), 'BAD_CONTENT'),
      case_('one twice', hex(like({ gateways: [gateways[0], gateways[0]] as Uint8Array[] })), 'BAD_CONTENT'),
      case_('cut off', hex(good.subarray(0, -1)), 'BAD_CONTENT'),
      case_('a byte too many', `${hex(good)}00`, 'BAD_CONTENT'),
    ],
  }
}

/** Makes what the file holds. */
export function contactVectors(): unknown {
  const random = seededRandom(17)
  const [alice, bob, carol] = [person(random, 2), person(random, 1), person(random, 3)]
  return {
    about: 'docs/spec/client-contacts.md 17; bytes in hex. Made by test/client-contact-vectors.ts',
    network,
    alice: told(alice),
    bob: told(bob),
    carol: told(carol),
    words: wordsOf(alice, bob, carol),
    proofs: proofsOf(random, alice, bob, carol),
    periods: periodsOf(random, bob),
    moved: movedOf(random, alice, carol),
  }
}

export function keyOf(secret: string): SealingKey {
  return hpkeSealing.key(fromHex(secret))
}

if (process.argv[1] === import.meta.filename)
  writeFileSync(file, `${JSON.stringify(contactVectors(), undefined, 2)}\n`)
