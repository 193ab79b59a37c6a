// npm run bench -- directory [--json] [--rounds 15]: the sizes of votes, documents and differences in a network of
// 1,000 nodes and 9 authorities, and what tallying and verifying cost. Times are CPU times of the whole process,
// medians of rounds.

import { parseArgs } from 'node:util'
import { median } from 'simple-statistics'
import { ed25519PublicKey, ed25519Sign, ed25519Verify, x25519PublicKey } from '#crypto'
import { authorityEntry } from '../../directory/authority/keys.ts'
import {
  type AnnouncedService,
  longestServiceName,
  mostServices,
} from '../../directory/documents/announced.ts'
import { type NamedBody, nameBody } from '../../directory/documents/consensus.ts'
import {
  certificateBytes,
  type Descriptor,
  descriptorBytes,
  keysAhead,
  signDescriptor,
  stableBytes,
} from '../../directory/documents/descriptor.ts'
import { applyDifference, difference } from '../../directory/documents/difference.ts'
import { verifyConsensus, writeDocument } from '../../directory/documents/document.ts'
import type { Network } from '../../directory/documents/network.ts'
import { parameterNames, parameterRanges } from '../../directory/documents/parameters.ts'
import { type Pointer, readVote, type Vote, writeVote } from '../../directory/documents/vote.ts'
import { deal, sharingOf } from '../../directory/randomness/sharing.ts'
import { defaultMixing, type Tally, tally } from '../../directory/rounds/tally.ts'
import { digest, type SignatureEntry, signStatement, statementBytes } from '../../directory/statement.ts'
import { compare, same } from '../../encoding/bytes.ts'
import { seededRandom } from '../../world/random.ts'
import { type LargeDocument, largeDocument } from './directory-large.ts'

const size = { nodes: 1000, authorities: 9, left: 4, moved: 2, layers: 3 } as const

const network: Network = {
  name: 'bench',
  genesis: 1_700_000_000_000,
  epochMs: 20 * 60_000,
  authorities: Array.from({ length: size.authorities }, (_, i) =>
    authorityEntry(authoritySeed(i), [`/ip4/198.51.100.${i}/tcp/4001`]),
  ),
  threshold: Math.floor(size.authorities / 2) + 1,
  suite: 'x25519',
  hops: size.layers + 2,
  userBytes: 2000,
  topology: 'stratified',
  layers: size.layers,
  minimum: { mixes: size.layers, gateways: 1 },
}

/** Nodes of the largest document, nearly all that its bytes have room for. */
const largeNodes = 9500

/** The first document, of a network that has run for a while. */
const epoch = 20_000

interface Result {
  readonly nodes: number
  readonly authorities: number
  /** All that a full verification checks: one a node, and those of the authorities. */
  readonly signatures: number
  readonly voteBytes: number
  readonly consensusBytes: number
  readonly diffBytes: number
  readonly tallyMs: number
  readonly verifyMs: number
  readonly ed25519VerifyUs: number
  /** Says how long the largest document keeps the loop at one thing. */
  readonly large: LargeDocument
}

/** A signature as a verifier has it: who, what, and the signature. */
type Check = readonly [publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array]

export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '15' } },
  })
  const result = await run(Math.max(1, Number.parseInt(values.rounds, 10) || 1))
  if (values.json) console.log(JSON.stringify(result))
  else print(result)
}

async function run(rounds: number): Promise<Result> {
  const { nodes, left, moved } = size
  const first = make(epoch, range(0, nodes))
  // 1 % of the nodes: four have left, four have come, two have other addresses.
  const second = make(epoch + 1, range(left, nodes + left), left + moved, first)
  const told = difference(first.named.bytes, second.named.bytes)
  if (!same(applyDifference(first.named.bytes, told), second.named.bytes)) {
    throw new Error('the difference makes another document')
  }
  const view = verifyConsensus(network, second.signed)
  const checks = checksOf(second)
  const signatures = view.nodes.size + view.signers.length
  const spent = measure(rounds, {
    tally: () => void nameBody(tally(second.votes)),
    verify: () => void verifyConsensus(network, second.signed),
    // The same signatures, and nothing but them.
    signatures: () => {
      for (const [key, message, signature] of checks) {
        if (!ed25519Verify(key, message, signature)) throw new Error('a signature does not verify')
      }
    },
  })
  const many = range(0, largeNodes).map(i => descriptorOf(i, epoch, false))
  const large = await largeDocument(
    network,
    first.named.body,
    many.sort((a, b) => compare(a.stable.id, b.stable.id)),
    signaturesUnder,
  )
  return {
    nodes: view.nodes.size,
    authorities: size.authorities,
    signatures,
    voteBytes: second.voteBytes,
    consensusBytes: second.signed.length,
    diffBytes: told.length,
    tallyMs: rounded(spent.tally / 1000),
    verifyMs: rounded(spent.verify / 1000),
    ed25519VerifyUs: rounded(spent.signatures / checks.length),
    large,
  }
}

/** A document and what it was made from. */
interface Made {
  readonly named: NamedBody
  readonly signatures: readonly SignatureEntry[]
  /** Body and signatures. */
  readonly signed: Uint8Array
  readonly votes: Tally
  readonly voteBytes: number
}

/**
 * @param nodes their numbers
 * @param movedBelow those with smaller numbers have other addresses than in the document before
 */
function make(of: number, nodes: readonly number[], movedBelow = 0, before?: Made): Made {
  const descriptors = nodes
    .map(i => descriptorOf(i, of, i < movedBelow))
    .sort((a, b) => compare(a.stable.id, b.stable.id))
  const pointer = before && { epoch: of - 1, hash: before.named.hash, signatures: before.signatures }
  const votes = network.authorities.map((_, i) => writeVote(voteOf(i, of, descriptors, pointer ?? null)))
  // Read back, as an authority has them: each vote has descriptors of its own.
  const counted = { network, epoch: of, votes: votes.map(readVote), before: before?.named }
  const named = nameBody(tally(counted))
  const signatures = signaturesUnder(of, named.hash)
  const signed = writeDocument(named.bytes, signatures)
  return { named, signatures, signed, votes: counted, voteBytes: Math.max(...votes.map(v => v.length)) }
}

/** All authorities' under the name of a document. */
function signaturesUnder(of: number, about: Uint8Array): SignatureEntry[] {
  return network.authorities.map(({ id }, i) => {
    const statement = { kind: 'consensus', epoch: of, signer: id, about } as const
    const sign = (message: Uint8Array): Uint8Array => ed25519Sign(authoritySeed(i), message)
    return { signer: id, signature: signStatement(network.name, statement, sign) }
  })
}

/** A node with everything that a descriptor can have: an offline identity, a family, two addresses, a service. */
function descriptorOf(i: number, of: number, hasMoved: boolean): Descriptor {
  const [seed, owner] = [seedOf(`node ${i}`), seedOf(`identity ${i}`)]
  const id = ed25519PublicKey(seed)
  const until = epoch + 10_000
  const host = `198.51.${hasMoved ? 101 : 100}.${i % 256}`
  const isGateway = i % 5 === 0
  const stable = {
    id,
    role: isGateway ? 'gateway' : 'mix',
    family: `family ${Math.floor(i / 5)}`,
    country: 'IS',
    software: '0.1.0',
    services: isGateway ? servicesAt(i) : [],
    capacity: isGateway ? 8 : 0,
    addresses: [`/ip4/${host}/tcp/4001`, `/ip4/${host}/tcp/443/ws`],
    identity: ed25519PublicKey(owner),
    certificate: ed25519Sign(owner, certificateBytes(network.name, id, until)),
    certifiedUntil: until,
  } as const
  const keys = range(of, of + keysAhead).map(e => x25519PublicKey(seedOf(`node ${i} epoch ${e}`)))
  const content = { stable, epoch: of, serial: 1000 + i, keys }
  return signDescriptor(network.name, content, message => ed25519Sign(seed, message))
}

/** As many as a gateway may announce, with the longest names. */
function servicesAt(i: number): AnnouncedService[] {
  return range(0, mostServices).map(n => ({
    name: `${n}`.repeat(longestServiceName),
    sealingKey: x25519PublicKey(seedOf(`service ${i} ${n}`)),
    mailboxKey: ed25519PublicKey(seedOf(`mailbox ${i} ${n}`)),
  }))
}

function voteOf(i: number, of: number, descriptors: readonly Descriptor[], previous: Pointer | null): Vote {
  const { id, addresses } = network.authorities[i] as (typeof network.authorities)[number]
  return {
    network: network.name,
    epoch: of - 1,
    author: id,
    clock: network.genesis + (of - 1) * network.epochMs,
    addresses,
    ballots: [
      {
        epoch: of,
        candidates: descriptors.map(descriptor => ({ descriptor, running: true, reliable: true })),
      },
    ],
    parameters: new Map(
      parameterNames
        .map(name => [name, parameterRanges[name].usual] as const)
        .sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1)),
    ),
    mixing: defaultMixing,
    previous,
    dealing: deal(sharingOf(network, of - 1, id), seededRandom(1000 * of + i)).dealing,
    evidence: [],
    successors: null,
  }
}

/** Every signature that verifying the document checks. */
function checksOf({ named: { body, hash }, signatures }: Made): Check[] {
  const nodes = body.nodes.map(({ descriptor }): Check => {
    const name = digest(stableBytes(descriptor.stable))
    return [descriptor.stable.id, descriptorBytes(network.name, descriptor, name), descriptor.signature]
  })
  const authorities = signatures.map(({ signer, signature }): Check => {
    const statement = { kind: 'consensus', epoch: body.epoch, signer, about: hash } as const
    return [signer, statementBytes(network.name, statement), signature]
  })
  return [...nodes, ...authorities]
}

/** The median over all rounds of what one run of each task costs, in CPU microseconds; all tasks in every round. */
function measure<Name extends string>(
  rounds: number,
  tasks: Readonly<Record<Name, () => void>>,
): Record<Name, number> {
  const entries = Object.entries(tasks) as [Name, () => void][]
  const samples = new Map(entries.map(([name]) => [name, [] as number[]]))
  // The first rounds warm the compiler up and do not count.
  for (let round = -2; round < rounds; round++) {
    for (const [name, task] of entries) {
      const before = process.cpuUsage()
      task()
      const { user, system } = process.cpuUsage(before)
      if (round >= 0) samples.get(name)?.push(user + system)
    }
  }
  return Object.fromEntries([...samples].map(([name, values]) => [name, median(values)])) as Record<
    Name,
    number
  >
}

function print(result: Result): void {
  const { nodes, signatures, voteBytes, consensusBytes, diffBytes, tallyMs, verifyMs, large } = result
  const each = (bytes: number): string => `${bytes} bytes, ${rounded(bytes / nodes)} a node`
  const times = rounded((1000 * verifyMs) / (signatures * result.ed25519VerifyUs))
  console.log(`${nodes} nodes, ${result.authorities} authorities; CPU times`)
  console.log(`vote        ${each(voteBytes)}`)
  console.log(`document    ${each(consensusBytes)}`)
  console.log(`difference  ${each(diffBytes)}, when 1 % of the nodes changed`)
  console.log(`tally       ${tallyMs} ms`)
  console.log(
    `${large.nodes} nodes, ${large.bytes} bytes: ${large.cpuMs} ms, the longest slice ${large.longestSliceMs} ms`,
  )
  console.log(`verify      ${verifyMs} ms, ${times} times its ${signatures} signatures alone`)
}

function authoritySeed(i: number): Uint8Array {
  return seedOf(`authority ${i}`)
}

function seedOf(name: string): Uint8Array {
  return digest(new TextEncoder().encode(`bench ${name}`))
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
