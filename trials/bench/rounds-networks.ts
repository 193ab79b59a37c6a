// Our networks as `npm run bench -- rounds` measures them: the roles of `chaffinch net` and of its preset `rounds`, in
// this process, on a virtual clock. Waits are the protocol's own, whatever else the machine has to do; what crypto
// takes is measured apart, in CPU time.

import type { Client } from '../../client/index.ts'
import type { Parameters } from '../../directory/documents/view.ts'
import { localNetwork } from '../../simulator/local.ts'
import { largeUserBytes, type NetOptions, usualOptions } from '../../simulator/processes/index.ts'
import { payloadPerMinute, readPerMinute, roundMsOf, roundVotes } from '../../simulator/processes/rates.ts'
import { fraction, systemRandom } from '../../world/random.ts'
import { type Ms, second } from '../../world/units.ts'

export type NetworkName = 'rounds' | 'default'

/** Options that `chaffinch net` has with so many clients. */
function optionsOf(name: NetworkName, clients: number): NetOptions {
  const all = { ...usualOptions, clients, userBytes: largeUserBytes }
  return name === 'default'
    ? all
    : { ...all, mixes: 3, topology: 'cascade', rounds: true, epochMs: 60 * second }
}

/** Tells how long a round of the preset is. */
export function roundMs(clients: number): Ms {
  return roundMsOf(optionsOf('rounds', clients))
}

/** Gives the time that a packet is held by a mix: a round, or the mean of what senders draw. */
export function holdMs(name: NetworkName, clients: number): Ms {
  return name === 'rounds' ? roundMs(clients) : usualOptions.delayMs
}

function parametersOf(options: NetOptions): Partial<Parameters> {
  const usual: Partial<Parameters> = {
    hopDelayMs: options.delayMs,
    maxHopDelayMs: Math.max(second, 20 * options.delayMs),
    payloadPerMinute: payloadPerMinute(options),
    loopPerMinute: 30,
    dropPerMinute: 30,
    readPerMinute: readPerMinute(options),
    pageEntries: 8,
    nodeLoopPerMinute: 20,
  }
  if (!options.rounds) return usual
  const votes = roundVotes(options)
  return {
    ...usual,
    batchMs: roundMsOf(options),
    batchPackets: votes.batch_packets,
    nodeLoopPerMinute: votes.node_loop_per_minute,
    loopPerMinute: votes.loop_per_minute,
    dropPerMinute: votes.drop_per_minute,
  }
}

export interface Delivery {
  readonly bytes: number
  /** Packets that carry the message. */
  readonly packets: number
  /** From when the message was handed over until its reader had it, by the network's clock. */
  readonly endToEndMs: Ms
}

/**
 * Sends messages of these lengths one after the other from the first client to the second, among others that send as
 * they always do. Each is handed over so many times, at moments of its own.
 *
 * @throws Error for a message that did not come, or came changed
 */
export async function deliveries(
  name: NetworkName,
  clients: number,
  sizes: readonly number[],
  times: number,
  seed: number,
): Promise<Delivery[]> {
  const options = optionsOf(name, clients)
  const { mixes, gateways, authorities, epochMs, userBytes } = options
  await using local = await localNetwork({
    ...{ link: 'memory', seed, clients, mixes, gateways, authorities, epochMs, userBytes },
    ...(options.rounds && { mixing: 'round' }),
    parameters: parametersOf(options),
  })
  const [from, to] = local.clients as [Client, Client]
  const inbox = to.messages()[Symbol.asyncIterator]()
  // All that send in rounds begin with an epoch
  if (options.rounds) await local.advance(epochMs)
  const found: Delivery[] = []
  for (const bytes of sizes)
    for (let i = 0; i < times; i++) {
      await local.advance(second + fraction(systemRandom) * roundMs(clients))
      const message = systemRandom(bytes)
      const began = local.now()
      const sent = await from.send(to.address, message)
      const { value } = await local.until(inbox.next())
      if (value === undefined || Buffer.compare(value.bytes, message) !== 0)
        throw new Error(`${name}: a message of ${bytes} bytes did not come as it was`)
      found.push({ bytes, packets: packetsOf(from, sent.id), endToEndMs: local.now() - began })
    }
  return found
}

function packetsOf(client: Client, id: string): number {
  const accepted = client.ledger().find(entry => entry.event === 'accepted' && entry.id === id)
  return accepted?.event === 'accepted' ? accepted.count : Number.NaN
}
