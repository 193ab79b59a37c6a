// A thread that peels for the relay (peel-pool.ts). It reads the key files itself, into locked memory of its own.

import { parentPort, workerData } from 'node:worker_threads'
import { geometry } from '../../sphinx/geometry.ts'
import { discard } from '../../sphinx/peel.ts'
import { systemClock } from '../../world/clock.ts'
import { turns } from '../../world/turns.ts'
import { folderFiles } from '../files.ts'
import { loadKey, type PacketKey, wipeKey } from './keys.ts'
import {
  type FromThread,
  openedBytes,
  resultBytes,
  type ThreadData,
  type ToThread,
  writeOpened,
  writeResult,
} from './peel-messages.ts'
import { type Fitting, finish, type Opening, open } from './peeling.ts'
import type { PeelResult } from './relay.ts'

if (parentPort === null) throw new Error('peel-thread.ts runs in a thread of a node')
const port = parentPort
const data = workerData as ThreadData
const g = geometry(data.geometry)
const files = await folderFiles(data.folder, systemClock)
const keys = new Map<number, PacketKey>()
/** Packets between their two halves, by batch; undefined for those that fit no key. */
const opened = new Map<number, readonly (readonly [Fitting, Uint8Array] | undefined)[]>()

function say(message: FromThread, handedOver: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, handedOver)
}

/** A key that is not there any more, or that cannot be read, opens nothing. */
async function keysOf(epochs: readonly number[]): Promise<PacketKey[]> {
  const found: PacketKey[] = []
  for (const epoch of epochs) {
    const key = keys.get(epoch) ?? (await loadKey(files, epoch).catch(() => undefined))
    if (key === undefined) continue
    keys.set(epoch, key)
    found.push(key)
  }
  return found
}

async function openBatch({ batch, epochs, packets }: Extract<ToThread, { do: 'open' }>): Promise<void> {
  const ring = await keysOf(epochs)
  const records = new Uint8Array(packets.length * openedBytes)
  const waiting = packets.map((buffer, i) => {
    const packet = new Uint8Array(buffer)
    const record = records.subarray(i * openedBytes, (i + 1) * openedBytes)
    const opening = guarded((): Opening => open(g, ring, packet))
    if ('drop' in opening) {
      writeOpened(record, opening)
      return undefined
    }
    writeOpened(record, { at: epochs.indexOf(opening.epoch), tag: opening.opened.tag })
    return [opening, packet] as const
  })
  if (waiting.some(packet => packet !== undefined)) opened.set(batch, waiting)
  say({ type: 'opened', batch, records }, [records.buffer])
}

function finishBatch({ batch, verdicts }: Extract<ToThread, { do: 'finish' }>): void {
  const waiting = opened.get(batch) ?? []
  opened.delete(batch)
  const chosen: (readonly [Fitting, Uint8Array])[] = []
  for (const [i, packet] of waiting.entries()) {
    if (packet === undefined) continue
    if (verdicts[i] === 1) chosen.push(packet)
    else discard(packet[0].opened)
  }
  const records = new Uint8Array(chosen.length * resultBytes)
  const good: ArrayBuffer[] = []
  for (const [i, [header, packet]] of chosen.entries()) {
    const result = guarded((): PeelResult => finish(header, packet))
    writeResult(records.subarray(i * resultBytes, (i + 1) * resultBytes), result)
    if ('peeled' in result) good.push(packet.buffer as ArrayBuffer)
  }
  say({ type: 'finished', batch, records, packets: good }, [records.buffer, ...good])
}

/** A mistake of ours costs the packet and not the thread. */
function guarded<T>(run: () => T): T | { drop: 'FAULT' } {
  try {
    return run()
  } catch {
    return { drop: 'FAULT' }
  }
}

function forget(before: number): void {
  for (const [epoch, key] of keys) {
    if (epoch >= before) continue
    keys.delete(epoch)
    wipeKey(key)
  }
}

async function hear(message: ToThread): Promise<void> {
  switch (message.do) {
    case 'open':
      return await openBatch(message)
    case 'finish':
      return finishBatch(message)
    case 'forget':
      forget(message.before)
      return say({ type: 'forgotten', before: message.before })
    case 'close':
      forget(Number.POSITIVE_INFINITY)
      port.close()
  }
}

// one after the other, so that a key that is being read is there for the next batch
const turn = turns()
port.on('message', (message: ToThread) => void turn(() => hear(message)))
say({ type: 'ready' })
