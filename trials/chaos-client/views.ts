// The documents of the network of `npm run chaos -- client`: what authorities would say, without authorities.

import { epochAt, epochStart, epochsValid, type Network } from '../../directory/documents/network.ts'
import { defaultParameters } from '../../directory/documents/parameters.ts'
import {
  type Directory,
  healthy,
  type NodeEntry,
  type Parameters,
  type View,
} from '../../directory/documents/view.ts'
import { hex } from '../../encoding/bytes.ts'
import type { Files } from '../../node/files.ts'
import { paperKeys, paperNode, paperView } from '../../simulator/paper.ts'
import type { VirtualClock } from '../../world/clock.ts'
import type { Life } from './life.ts'
import type { Victim } from './plan.ts'

const parameters: Parameters = {
  ...defaultParameters,
  hopDelayMs: 30,
  maxHopDelayMs: 2000,
  payloadPerMinute: 150,
  loopPerMinute: 6,
  dropPerMinute: 6,
  readPerMinute: 90,
  pageEntries: 16,
  nodeLoopPerMinute: 0,
  bulletinPageBytes: 1024,
}

export interface NodeDraft {
  readonly id: Uint8Array
  readonly victim: Victim
  readonly files: Files
}

export interface Views {
  /** Publishes the documents of this epoch and the next, and from then on by itself. */
  publish(): Promise<void>
  directory(life: Life): Directory
  readonly all: ReadonlyMap<number, View>
}

/** Says what authorities would say: who is there, and with which keys. */
export function publisher(network: Network, nodes: readonly NodeDraft[], clock: VirtualClock): Views {
  const views = new Map<number, View>()
  const handlers = new Set<(view: View) => void>()

  async function make(epoch: number): Promise<void> {
    const entries: NodeEntry[] = []
    for (const { id, victim, files } of nodes) {
      const packetKeys = await paperKeys(files, epoch)
      // One that has not made its keys in time is not in the consensus.
      if (packetKeys.size < epochsValid) continue
      const at = { id, addresses: [`/memory/${hex(id.subarray(0, 8))}`] }
      entries.push({ ...paperNode(at, victim.kind === 'mix' ? 0 : -1), packetKeys })
    }
    const view = paperView(network, entries, { epoch, hash: new Uint8Array(32).fill(epoch), parameters })
    views.set(epoch, view)
    for (const handler of handlers) handler(view)
  }

  /** In the middle of each epoch the next one's. */
  function next(): void {
    const epoch = epochAt(network, clock.now())
    const middle = epochStart(network, epoch) + network.epochMs / 2
    const wait = middle - clock.now()
    clock.after(wait > 0 ? wait : wait + network.epochMs, () => {
      void make(epochAt(network, clock.now()) + 1)
      next()
    })
  }

  return {
    all: views,
    async publish() {
      const epoch = epochAt(network, clock.now())
      await make(epoch)
      await make(epoch + 1)
      next()
    },
    directory: own => {
      const current = (): View | undefined => views.get(epochAt(network, own.clock.now()))
      return {
        current,
        view: epoch => views.get(epoch),
        onView(handler) {
          const living = (view: View): void => {
            if (own.over) handlers.delete(living)
            else handler(view)
          }
          handlers.add(living)
          return () => void handlers.delete(living)
        },
        health: () => healthy,
        ready: async () => current() as View,
        close: async () => {},
      }
    },
  }
}
