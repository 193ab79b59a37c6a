// npm run attack -- compromised [--json] [--runs 24] [--seed 1]: the second scenario of the third source document, a
// mix that is the attacker's. Of three parties none, one, two or all are the attacker's, who also sees all links. Who
// wrote a message that comes out is named, first where each server has a key of its own and takes one sealed box off
// (single keys), then where the parties mix what is encrypted to a key that two of three have together, and open it in
// the end (threshold). And a party that changes a message is found by its proof. Both run their real cryptography.

import { concat } from '../../encoding/bytes.ts'
import {
  contextOf,
  coreGroup,
  type DecryptionShare,
  deal,
  decodeMessage,
  decrypt,
  decryptionShare,
  encodeMessage,
  encrypt,
  type Group,
  prove,
  publicKeyOf,
  scalars,
  shuffle,
  type Taken,
  take,
  verify,
} from '../../shuffle/index.ts'
import { below, shuffle as inRandomOrder, type Random, seededRandom } from '../../world/random.ts'
import { type KeyPair, keyPair, open, seal } from '../bench/rounds-source.ts'
import { readRunArguments } from './arguments.ts'
import { shareInterval } from './proportion.ts'
import type { Interval } from './score.ts'

const parties = 3
const threshold = 2
const clients = 10
const usualRuns = 24
/** An interval that reaches to within this of chance, and stays below one half, says that nothing was found. */
const tolerated = 0.03
const chance = 1 / clients
/** One ciphertext holds a message of this scene. */
const width = 1

interface Guesses {
  readonly right: number
  readonly messages: number
}

/** Holds what the attacker has of a batch that one party let go. */
interface Passed {
  /** Place i of what came out is place order[i] of what went in; undefined where the party is honest. */
  readonly order: readonly number[] | undefined
}

/** Follows what comes out back to a client: through the attacker's parties surely, through others by a guess. */
function nameBy(passed: readonly Passed[], place: number, random: Random): number {
  return passed
    .toReversed()
    .reduce((at, { order }) => (order === undefined ? below(random, clients) : (order[at] as number)), place)
}

const text = (client: number): Uint8Array => new TextEncoder().encode(`from ${client}`)

/** Single keys: the first `corrupt` servers are the attacker's, who has their keys and opens what goes in. */
function singleKeys(corrupt: number, random: Random): Guesses {
  const servers = Array.from({ length: parties }, keyPair)
  const sealed = (client: number): Buffer =>
    servers.reduceRight<Buffer>((inner, { publicKey }) => seal(publicKey, inner), Buffer.from(text(client)))
  let batch = Array.from({ length: clients }, (_, client) => sealed(client))
  const passed = servers.map((server, i): Passed => {
    const went = batch
    batch = inRandomOrder(
      random,
      went.map(box => open(server, box)),
    )
    return { order: i < corrupt ? ordered(server, went, batch) : undefined }
  })
  const right = batch.filter((message, place) => {
    const named = nameBy(passed, place, random)
    return message.equals(Buffer.from(text(named)))
  })
  return { right: right.length, messages: clients }
}

/** The attacker opens what went in, and finds it in what came out. */
function ordered(key: KeyPair, went: readonly Buffer[], came: readonly Buffer[]): number[] {
  const opened = went.map(box => open(key, box))
  return came.map(message => opened.findIndex(each => each.equals(message)))
}

/** Makes a key of all parties together. */
function sharedKey(group: Group, random: Random): Taken[] {
  const secrets = Array.from({ length: parties }, () => scalars(group, random, 1))
  const keys = concat(secrets.map(secret => publicKeyOf(group, secret)))
  const context = contextOf(new TextEncoder().encode('a compromised mix'), keys)
  const session = { context, threshold, keys, extension: new Uint8Array(0) }
  const trustees = secrets.map((secret, i) => ({ index: i + 1, secret }))
  const dealings = trustees.map(trustee => deal(group, session, trustee, random))
  return trustees.map(trustee => take(group, session, trustee, dealings))
}

/** Opens rows with the shares of so many of the parties; undefined where they are too few. */
function opened(
  group: Group,
  taken: readonly Taken[],
  rows: Uint8Array,
  random: Random,
): string[] | undefined {
  if (taken.length < threshold) return undefined
  const { verification } = taken[0] as Taken
  const about = { context: new Uint8Array(0), verification, threshold, width, rows }
  const shares = taken
    .slice(0, threshold)
    .map(({ share }, i): DecryptionShare => decryptionShare(group, about, { index: i + 1, share }, random))
  const points = decrypt(group, about, shares)
  return Array.from({ length: clients }, (_, i) =>
    new TextDecoder().decode(decodeMessage(group, points.subarray(32 * i, 32 * (i + 1)))),
  )
}

interface Made {
  readonly group: Group
  readonly taken: readonly Taken[]
}

/** A message of each client, encrypted. */
function inputOf(
  { group, taken }: Made,
  random: Random,
): { readonly key: Uint8Array; readonly input: Uint8Array } {
  const { key } = taken[0] as Taken
  const texts = Array.from({ length: clients }, (_, client) => encodeMessage(group, text(client), width))
  return { key, input: encrypt(group, key, concat(texts), scalars(group, random, clients * width)) }
}

/** A threshold key: what goes in is opened by as many of the attacker's parties as it takes, else followed as above. */
function thresholdKey(made: Made, corrupt: number, random: Random): Guesses {
  const { group, taken } = made
  const { key, input } = inputOf(made, random)
  let batch = input
  const passed = Array.from({ length: parties }, (_, i): Passed => {
    const { output, secret } = shuffle(group, { key, width, input: batch }, random)
    batch = output
    return { order: i < corrupt ? [...secret.permutation] : undefined }
  })
  const published = opened(group, taken, batch, random) as string[]
  const read = opened(group, taken.slice(0, corrupt), input, random)
  const right = published.filter((message, place) => {
    const named = read?.indexOf(message) ?? nameBy(passed, place, random)
    return message === new TextDecoder().decode(text(named))
  })
  return { right: right.length, messages: clients }
}

/** Has a party put a message of its own in the place of another, with the proof it has or one made anew. */
function proofsOf(made: Made, random: Random): CompromisedResult['proofs'] {
  const { group } = made
  const { key, input } = inputOf(made, random)
  const { output, secret } = shuffle(group, { key, width, input }, random)
  const statement = { context: new Uint8Array(0), key, width, input, output }
  const own = encrypt(group, key, encodeMessage(group, text(clients), width), scalars(group, random, width))
  const changed = { ...statement, output: concat([own, output.subarray(own.length)]) }
  const proofs = [statement, changed].map(each => prove(group, each, secret, random))
  return {
    honest: verify(group, statement, proofs[0] as Uint8Array, random).holds,
    changed: proofs.some(proof => verify(group, changed, proof, random).holds),
  }
}

/** By the number of parties that are the attacker's: the share of messages whose writer was named, 95 % intervals. */
type Named = readonly Interval[]

export interface CompromisedResult {
  readonly clients: number
  readonly chance: number
  readonly runs: number
  readonly threshold: readonly [of: number, parties: number]
  readonly named: { readonly singleKeys: Named; readonly thresholdKey: Named }
  /** Says whether the proof of an honest party is taken, and one of a party that changed a message. */
  readonly proofs: { readonly honest: boolean; readonly changed: boolean }
  readonly holds: boolean
}

/** Runs both with none to all of the parties the attacker's. */
export function compromisedAttack(runs: number, seed: number): CompromisedResult {
  const of = (guess: (corrupt: number, random: Random) => Guesses, offset: number): Named =>
    Array.from({ length: parties + 1 }, (_, corrupt) => {
      const each = Array.from({ length: runs }, (_, run) =>
        guess(corrupt, seededRandom(1000 * (seed + run) + 10 * corrupt + offset)),
      )
      return shareInterval(each, seed)
    })
  const group = coreGroup()
  const made = { group, taken: sharedKey(group, seededRandom(seed)) }
  const named = {
    singleKeys: of(singleKeys, 0),
    thresholdKey: of((corrupt, random) => thresholdKey(made, corrupt, random), 1),
  }
  const proofs = proofsOf(made, seededRandom(seed))
  const isChance = (interval: Interval | undefined): boolean =>
    interval !== undefined &&
    interval[0] <= chance + tolerated &&
    interval[1] >= chance - tolerated &&
    interval[1] < 1 / 2
  const isSure = (interval: Interval | undefined): boolean => interval?.[0] === 1
  const [lone, shared] = [named.singleKeys, named.thresholdKey]
  const holds =
    lone.slice(0, parties).every(isChance) &&
    isSure(lone[parties]) &&
    shared.slice(0, threshold).every(isChance) &&
    shared.slice(threshold).every(isSure) &&
    proofs.honest &&
    !proofs.changed
  return { clients, chance, runs, threshold: [threshold, parties], named, proofs, holds }
}

export async function attack(args: readonly string[]): Promise<number> {
  const { json, runs, seed } = readRunArguments(args, usualRuns, 1000)
  const result = compromisedAttack(runs, seed)
  console.error(
    result.holds
      ? 'fewer than all servers, and fewer than the threshold of trustees, name nobody; all of them, and as many, everybody'
      : 'THE DEFENCE OR ITS CONTROL FAILS',
  )
  if (json) console.log(JSON.stringify(result))
  else console.table(result.named)
  return result.holds ? 0 : 1
}
