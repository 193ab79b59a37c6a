// Packet keys: one X25519 pair an epoch, made three epochs ahead, wiped one grace period after its epoch, when it is
// sure that this is over (docs/spec/node.md 2). The files are the only copy besides locked memory.

import * as crypto from '#crypto'
import { epochAt, epochStart, graceMs, type Network } from '../../directory/documents/network.ts'
import type { Random } from '../../world/random.ts'
import { turns } from '../../world/turns.ts'
import type { Epoch, Ms } from '../../world/units.ts'
import { NodeError } from '../error.ts'
import type { Files } from '../files.ts'

/** A key file holds: secret 32, public 32 (so that damage shows). */
const keyFileBytes = 64
const keyName = /^packet-(\d{1,15})\.key$/
/** The descriptor for document e names e, e + 1, e + 2, and is uploaded in e - 1. */
const epochsAhead = 3
/** A descriptor names so many epochs. */
const epochsNamed = 3

export interface PacketKey {
  readonly epoch: Epoch
  /** 32 bytes in locked memory; `peel` knows the pair by this very array. */
  readonly secret: Uint8Array
  /** 32 bytes */
  readonly publicKey: Uint8Array
}

/**
 * Names the epochs whose keys may open a packet that arrives now, likeliest first: one, or two near a boundary
 * (docs/spec/node.md 2).
 *
 * @param now the wall time, as in all of this file: a key's life is counted in epochs
 */
export function openingEpochs(network: Network, now: Ms): readonly Epoch[] {
  const epoch = epochAt(network, now)
  const grace = graceMs(network)
  if (now - epochStart(network, epoch) < grace && epoch > 0) return [epoch, epoch - 1]
  if (epochStart(network, epoch + 1) - now <= grace) return [epoch, epoch + 1]
  return [epoch]
}

/** Names the epochs whose keys must exist now: those that may still open packets, and those a descriptor names. */
function livingEpochs(network: Network, now: Ms): { first: Epoch; last: Epoch } {
  const epoch = Math.max(0, epochAt(network, now))
  const first = Math.max(0, Math.min(...openingEpochs(network, now)))
  return { first, last: epoch + epochsAhead }
}

export interface KeyRing {
  /**
   * Makes what is missing and wipes what is over. Calls run one after the other.
   *
   * @param isSure false wipes nothing: what lets a clock that may be wrong end an epoch loses all packets of it
   * @throws NodeError FOLDER (the keys that are there stay), BAD_FILE
   */
  advance(now: Ms, isSure: boolean): Promise<void>
  /** Tells when `advance` has something to do next, milliseconds since 1970-01-01 UTC. */
  nextAdvance(now: Ms): Ms
  /** Gives the keys that may open a packet that arrives now, likeliest first. */
  opening(now: Ms): readonly PacketKey[]
  /** Says whether all of those are there that a sender may have used; else what fits none may be ours to answer for. */
  complete(now: Ms): boolean
  /**
   * Gives the public keys (32 bytes each) of epochs e, e + 1, e + 2, as the descriptor for document e names them.
   *
   * @throws NodeError NO_KEY
   */
  published(epoch: Epoch): ReadonlyMap<Epoch, Uint8Array>
  /** Names the epochs whose key opens or will open packets. */
  epochs(): readonly Epoch[]
  /** The first epoch of those whose keys are there, retired ones too; infinity for none. */
  readonly oldest: Epoch
  /** Has this epoch's key open nothing any more (its journal of tags is not complete). It stays published. */
  retire(epoch: Epoch): void
  /** Wipes memory; the files stay, so that a node that starts again opens the packets of its published keys. */
  close(): void
}

/**
 * Loads the key files of the folder; `advance` makes the others.
 *
 * @throws NodeError FOLDER, BAD_FILE
 */
export async function openKeys(options: {
  network: Network
  files: Files
  random: Random
}): Promise<KeyRing> {
  const { network, files, random } = options
  const keys = new Map<Epoch, PacketKey>()
  const retired = new Set<Epoch>()
  for (const name of await files.list()) {
    const epoch = Number(keyName.exec(name)?.[1] ?? Number.NaN)
    if (!Number.isSafeInteger(epoch)) continue
    const key = await loadKey(files, epoch)
    if (key !== undefined) keys.set(epoch, key)
    else await files.erase(name)
  }
  /** Wiped in memory; their files are there for as long as the disk refuses. */
  const over = new Set<Epoch>()

  async function advanceTo(now: Ms, isSure: boolean): Promise<void> {
    const { first, last } = livingEpochs(network, now)
    // memory first, and of all: a disk that refuses must not keep a key in use
    for (const [epoch, key] of keys) {
      if (epoch >= first || !isSure) continue
      keys.delete(epoch)
      retired.delete(epoch)
      wipeKey(key)
      over.add(epoch)
    }
    for (const epoch of over) {
      await files.erase(fileName(epoch))
      over.delete(epoch)
    }
    for (let epoch = Math.max(first, epochAt(network, now)); epoch <= last; epoch++)
      if (!keys.has(epoch)) keys.set(epoch, await makeKey(files, epoch, random))
  }

  const turn = turns()
  return {
    advance: (now, isSure) => turn(() => advanceTo(now, isSure)),
    nextAdvance(now) {
      const epoch = Math.max(0, epochAt(network, now))
      const wipe = epochStart(network, epoch) + graceMs(network)
      return now < wipe ? wipe : epochStart(network, epoch + 1)
    },
    opening: now =>
      openingEpochs(network, now)
        .filter(epoch => !retired.has(epoch))
        .map(epoch => keys.get(epoch))
        .filter(key => key !== undefined),
    complete: now => openingEpochs(network, now).every(epoch => keys.has(epoch) && !retired.has(epoch)),
    published(epoch) {
      const named = new Map<Epoch, Uint8Array>()
      for (let e = epoch; e < epoch + epochsNamed; e++) {
        const key = keys.get(e)
        if (key === undefined)
          throw new NodeError('NO_KEY', `packet key of epoch ${e}: not made yet, or wiped`)
        named.set(e, key.publicKey)
      }
      return named
    },
    epochs: () => [...keys.keys()].filter(epoch => !retired.has(epoch)).sort((a, b) => a - b),
    get oldest() {
      return Math.min(...keys.keys())
    },
    retire: epoch => void retired.add(epoch),
    close() {
      for (const key of keys.values()) wipeKey(key)
      keys.clear()
    },
  }
}

function fileName(epoch: Epoch): string {
  return `packet-${epoch}.key`
}

/** Takes what a key file holds, in locked memory. The public half is a copy: no view of it shows the secret one. */
function keyIn(file: Uint8Array, epoch: Epoch): PacketKey {
  return { epoch, secret: file.subarray(0, 32), publicKey: new Uint8Array(file.subarray(32)) }
}

/** Overwrites the secret with zeros. */
export function wipeKey({ secret }: PacketKey): void {
  crypto.wipe(secret)
}

/** Writes a key to disk before it is used or published: a key that is lost makes every packet for it undeliverable. */
async function makeKey(files: Files, epoch: Epoch, random: Random): Promise<PacketKey> {
  const file = crypto.secretBytes(keyFileBytes)
  const drawn = random(32)
  file.set(drawn)
  crypto.wipe(drawn)
  file.set(crypto.x25519PublicKey(file.subarray(0, 32)), 32)
  await files.write(fileName(epoch), file)
  return keyIn(file, epoch)
}

/**
 * Reads a key straight into locked memory, in whichever thread this is.
 *
 * @returns undefined when there is no such key, or when it was being erased as the process was killed
 * @throws NodeError FOLDER, BAD_FILE
 */
export async function loadKey(files: Files, epoch: Epoch): Promise<PacketKey | undefined> {
  const name = fileName(epoch)
  const file = crypto.secretBytes(keyFileBytes)
  const size = await files.readInto(name, file)
  if (size === undefined) return undefined
  if (size !== keyFileBytes)
    throw new NodeError(
      'BAD_FILE',
      `${name}: want ${keyFileBytes} bytes, have ${size}; remove the file to make a new key`,
    )
  if (file.every(byte => byte === 0)) return undefined
  const key = keyIn(file, epoch)
  if (crypto.equal(crypto.x25519PublicKey(key.secret), key.publicKey)) return key
  wipeKey(key)
  throw new NodeError(
    'BAD_FILE',
    `${name}: secret and public key do not fit; remove the file to make a new key`,
  )
}
