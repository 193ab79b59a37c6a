// Documents for tests of the directory: by hand, and drawn by fast-check.

import fc from 'fast-check'
import { ed25519PublicKey, ed25519Sign } from '#crypto'
import type { ConsensusBody, ConsensusNode, KeptPlace, Successors } from '../directory/documents/consensus.ts'
import {
  type Descriptor,
  type DescriptorContent,
  type StablePart,
  signDescriptor,
} from '../directory/documents/descriptor.ts'
import type { SignedVote } from '../directory/documents/message.ts'
import type { Network } from '../directory/documents/network.ts'
import type { Role } from '../directory/documents/view.ts'
import { type Pointer, type Vote, writeVote } from '../directory/documents/vote.ts'
import { deal, sharingOf } from '../directory/randomness/sharing.ts'
import { type Tally, tally } from '../directory/rounds/tally.ts'
import { digest, type Sign, type SignatureEntry, signStatement } from '../directory/statement.ts'
import { compare } from '../encoding/bytes.ts'
import { edgeHashes } from '../encoding/merkle.ts'
import { seededRandom } from '../world/random.ts'
import { packetKeyOf, seedOf } from './directory-world.ts'

export function signer(name: string): Sign {
  return message => ed25519Sign(seedOf(name), message)
}

export function idOf(name: string): Uint8Array {
  return ed25519PublicKey(seedOf(name))
}

type DescriptorChange = Partial<Omit<DescriptorContent, 'stable'>> & { stable?: Partial<StablePart> }

export function contentOf(
  name: string,
  role: Role,
  epoch: number,
  change: DescriptorChange = {},
): DescriptorContent {
  return {
    epoch,
    serial: change.serial ?? 7,
    keys: change.keys ?? [0, 1, 2].map(i => packetKeyOf(name, epoch + i)),
    ...(change.count === undefined ? {} : { count: change.count }),
    stable: {
      id: idOf(name),
      role,
      family: '',
      country: 'DE',
      software: '0.1.0',
      services:
        role === 'gateway'
          ? [{ name: 'echo', sealingKey: packetKeyOf('echo', 0), mailboxKey: idOf('echo') }]
          : [],
      capacity: role === 'gateway' ? 7 : 0,
      addresses: ['/ip4/127.0.0.1/tcp/4001'],
      identity: new Uint8Array(0),
      certificate: new Uint8Array(0),
      certifiedUntil: 0,
      ...change.stable,
    },
  }
}

export function descriptorOf(
  network: Network,
  name: string,
  role: Role,
  epoch: number,
  change: DescriptorChange = {},
): Descriptor {
  return signDescriptor(network.name, contentOf(name, role, epoch, change), signer(name))
}

/** Mixes `mix 0` … and gateways `gateway 0` …, ordered by id. */
export function descriptorsOf(network: Network, epoch: number, mixes = 6, gateways = 2): Descriptor[] {
  const names = [
    ...Array.from({ length: mixes }, (_, i) => [`mix ${i}`, 'mix'] as const),
    ...Array.from({ length: gateways }, (_, i) => [`gateway ${i}`, 'gateway'] as const),
  ]
  return names
    .map(([name, role]) => descriptorOf(network, name, role, epoch))
    .sort((a, b) => compare(a.stable.id, b.stable.id))
}

const dealings = new Map<string, ReturnType<typeof deal>>()

/** Deals what `authority i` deals in a round, always the same, with its opening. */
export function dealtBy(network: Network, i: number, round: number): ReturnType<typeof deal> {
  const { name, authorities, threshold } = network
  const key = `${name} ${authorities.length} ${threshold} ${i} ${round}`
  const dealer = authorities[i]?.id ?? new Uint8Array(32)
  const dealt = dealings.get(key) ?? deal(sharingOf(network, round, dealer), seededRandom(1000 * round + i))
  dealings.set(key, dealt)
  return dealt
}

/** The vote of `authority i` in the round before the document. */
export function voteOf(
  network: Network,
  i: number,
  descriptors: readonly Descriptor[],
  change: Partial<Vote> = {},
): Vote {
  const document = descriptors[0]?.epoch ?? 1
  const authority = network.authorities[i]
  return {
    network: network.name,
    epoch: document - 1,
    author: authority?.id ?? new Uint8Array(32),
    clock: 1_000_000,
    addresses: authority?.addresses ?? [],
    ballots: [
      {
        epoch: document,
        candidates: descriptors.map(descriptor => ({ descriptor, running: true, reliable: true })),
      },
    ],
    parameters: new Map([['hopDelayMs', 50 + i]]),
    mixing: 'poisson',
    previous: null,
    dealing: dealtBy(network, i, document - 1).dealing,
    evidence: [],
    successors: null,
    ...change,
  }
}

/** A vote with the signature of its author, `authority i`. */
export function signVote(network: Network, i: number, vote: Vote): SignedVote {
  const bytes = writeVote(vote)
  const hash = digest(bytes)
  const statement = { kind: 'vote', epoch: vote.epoch, signer: vote.author, about: hash } as const
  const signature = signStatement(network.name, statement, signer(`authority ${i}`))
  return { vote, bytes, hash, signatures: [{ signer: vote.author, signature }] }
}

/** The body that all authorities' votes for the same nodes make. @param before the document that it follows */
export function bodyOf(
  network: Network,
  epoch: number,
  descriptors: readonly Descriptor[],
  before?: Tally['before'],
): ConsensusBody {
  const votes = network.authorities.map((_, i) => voteOf(network, i, descriptors))
  return tally({ network, epoch, votes, before })
}

/** Signatures of the first `count` authorities under a document's name. */
export function signaturesOf(
  network: Network,
  epoch: number,
  about: Uint8Array,
  count: number,
): SignatureEntry[] {
  return network.authorities.slice(0, count).map(({ id }, i) => ({
    signer: id,
    signature: signStatement(
      network.name,
      { kind: 'consensus', epoch, signer: id, about },
      signer(`authority ${i}`),
    ),
  }))
}

// Drawn

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
const epoch = fc.nat({ max: 1_000_000 })
const text = (most: number): fc.Arbitrary<string> =>
  fc.string({ unit: 'grapheme', maxLength: most }).filter(s => new TextEncoder().encode(s).length <= most)
const addresses = fc.array(text(40), { maxLength: 8 })

/** Ordered by a field, each once. */
function ordered<T>(items: fc.Arbitrary<T>, by: (item: T) => Uint8Array, most = 5): fc.Arbitrary<T[]> {
  return fc
    .uniqueArray(items, { maxLength: most, comparator: (a, b) => compare(by(a), by(b)) === 0 })
    .map(list => list.sort((a, b) => compare(by(a), by(b))))
}

const certified = fc.oneof(
  fc.constant({ identity: new Uint8Array(0), certificate: new Uint8Array(0), certifiedUntil: 0 }),
  fc.record({ identity: bytes(32), certificate: bytes(64), certifiedUntil: epoch }),
)

const services = fc
  .uniqueArray(
    fc.record({
      name: fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,15}$/),
      sealingKey: bytes(32),
      mailboxKey: bytes(32),
    }),
    { maxLength: 2, selector: ({ name }) => name },
  )
  .map(all => all.toSorted((a, b) => (a.name < b.name ? -1 : 1)))

const stable = fc
  .tuple(
    fc.record({
      id: bytes(32),
      role: fc.constantFrom<Role>('mix', 'gateway'),
      family: text(64),
      country: fc.constantFrom('', 'DE', 'IS'),
      software: text(32),
      capacity: fc.integer({ min: 0, max: 23 }),
      addresses,
    }),
    services,
    certified,
  )
  .map(([fields, services, identity]) => ({
    ...fields,
    services: fields.role === 'gateway' ? services : [],
    capacity: fields.role === 'gateway' ? fields.capacity : 0,
    ...identity,
  }))

const count = fc.record({ period: fc.nat(), steps: fc.integer({ min: -(2 ** 32), max: 2 ** 32 }) })

export const anyDescriptor: fc.Arbitrary<Descriptor> = fc.record(
  {
    stable,
    epoch,
    serial: fc.nat(),
    keys: fc.array(bytes(32), { minLength: 3, maxLength: 3 }),
    count,
    signature: bytes(64),
  },
  { requiredKeys: ['stable', 'epoch', 'serial', 'keys', 'signature'] },
)

export const anySignatures: fc.Arbitrary<SignatureEntry[]> = ordered(
  fc.record({ signer: bytes(32), signature: bytes(64) }),
  ({ signer: id }) => id,
)

const parameters = fc
  .uniqueArray(fc.tuple(fc.stringMatching(/^[a-zA-Z]{1,20}$/), fc.nat()), {
    selector: ([name]) => name,
    maxLength: 6,
  })
  .map(entries => new Map(entries.sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1))))

const successors: fc.Arbitrary<Successors | null> = fc
  .option(
    ordered(fc.record({ id: bytes(32), sharingKey: bytes(32), addresses }), ({ id }) => id).chain(
      authorities =>
        fc.record({
          from: epoch,
          threshold: fc.integer({
            min: Math.floor(authorities.length / 2) + 1,
            max: Math.max(1, authorities.length),
          }),
          authorities: fc.constant(authorities),
        }),
    ),
  )
  .filter(drawn => drawn === null || drawn.authorities.length > 0)

const consensusNode: fc.Arbitrary<ConsensusNode> = fc.record({
  descriptor: anyDescriptor,
  place: fc.nat({ max: 14 }),
  running: fc.boolean(),
  reliable: fc.boolean(),
  since: fc.constant(0),
})

const keptPlace: fc.Arbitrary<KeptPlace> = fc.record({
  identity: bytes(32),
  place: fc.nat({ max: 14 }),
  until: epoch,
})

export const anyBody: fc.Arbitrary<ConsensusBody> = fc
  .record({
    network: text(64),
    epoch,
    validAfter: fc.nat(),
    freshUntil: fc.nat(),
    validUntil: fc.nat(),
    pinned: fc.record({
      suite: text(32),
      hops: fc.nat(),
      userBytes: fc.nat(),
      topology: text(32),
      layers: fc.nat(),
      genesis: fc.nat(),
      epochMs: fc.nat(),
    }),
    threshold: fc.nat({ max: 31 }),
    authorities: ordered(fc.record({ id: bytes(32), addresses, voted: fc.boolean() }), ({ id }) => id),
    successors,
    before: fc.oneof(fc.constant(0), fc.nat()).chain(size =>
      fc.record({
        previous: bytes(size === 0 ? 0 : 32),
        log: fc.record({
          size: fc.constant(size),
          hashes: fc.array(bytes(32), { minLength: edgeHashes(size), maxLength: edgeHashes(size) }),
        }),
      }),
    ),
    randomness: fc.tuple(fc.oneof(bytes(0), bytes(32)), fc.oneof(bytes(0), bytes(32))),
    mixing: text(32),
    parameters,
    nodes: ordered(consensusNode, ({ descriptor }) => descriptor.stable.id),
    kept: ordered(keptPlace, ({ identity }) => identity),
    excluded: ordered(fc.record({ id: bytes(32), proof: bytes(32) }), ({ id }) => id),
  })
  .map(({ before, ...body }) => ({
    ...body,
    ...before,
    nodes: body.nodes.map(node => ({ ...node, descriptor: { ...node.descriptor, epoch: body.epoch } })),
  }))

const pointer: fc.Arbitrary<Pointer | null> = fc.option(
  fc.record({ epoch: fc.constant(0), hash: bytes(32), signatures: anySignatures }),
)

const candidate = fc.record({ descriptor: anyDescriptor, running: fc.boolean(), reliable: fc.boolean() })

export const anyVote: fc.Arbitrary<Vote> = fc
  .record({
    network: text(64),
    epoch,
    author: bytes(32),
    clock: fc.nat(),
    addresses,
    ballots: fc.array(
      ordered(candidate, ({ descriptor }) => descriptor.stable.id).map(candidates => ({ candidates })),
      { minLength: 1, maxLength: 2 },
    ),
    parameters,
    mixing: text(32),
    previous: pointer,
    dealing: fc.uint8Array({ maxLength: 100 }),
    evidence: fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 3 }),
    successors,
  })
  .map(vote => ({
    ...vote,
    ballots: vote.ballots.map(({ candidates }, i) => {
      const document = vote.epoch + 2 - vote.ballots.length + i
      return {
        epoch: document,
        candidates: candidates.map(c => ({ ...c, descriptor: { ...c.descriptor, epoch: document } })),
      }
    }),
  }))
