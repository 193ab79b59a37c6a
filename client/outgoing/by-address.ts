// A reply without reply blocks: a message to whoever wrote what it answers, where they said who they are
// (docs/spec/client-replies.md 7.8).

import { fromHex, hex } from '../../encoding/bytes.ts'
import type { Geometry } from '../../sphinx/geometry.ts'
import type { Random } from '../../world/random.ts'
import { noApp } from '../app-name.ts'
import type { People } from '../contacts/people.ts'
import { markedId, prove } from '../contacts/sender.ts'
import { readAddress } from '../packets/address.ts'
import { readReply, writeMessage } from '../packets/content.ts'

export interface ByAddressInit {
  /** The network's name. */
  readonly network: string
  readonly g: Geometry
  readonly random: Random
  readonly people: People
  /** The gateways of this client's address, 32 bytes each. */
  readonly gateways: () => readonly Uint8Array[]
}

/** A reply that has not arrived: what it answers, and by whom that is. */
export interface Stranded {
  /** Lowercase hex */
  readonly id: string
  /** Lowercase hex: the message that it answers. */
  readonly conversation: string
  /** The address of whoever wrote that. */
  readonly writer: string
  /** As `writeReply` wrote it. */
  readonly content: Uint8Array
}

/**
 * Makes the message that carries a reply; it says whose it is, as only they were asked.
 *
 * @returns its id, lowercase hex, and its content
 * @throws ClientError NO_GATEWAY, BAD_ADDRESS, WRONG_NETWORK, WRONG_VERSION
 */
export function carriedByAddress(
  { network, g, random, people, gateways }: ByAddressInit,
  { id, conversation, writer, content }: Stranded,
): { readonly carrier: string; readonly content: Uint8Array } {
  const pair = people.pairWith(readAddress(writer, network).sealingKey)
  const carrier = markedId(pair, random)
  const message = writeMessage(g, {
    wantsRead: false,
    wantsReceived: false,
    from: people.from(gateways()),
    answers: { conversation: fromHex(conversation), reply: fromHex(id) },
    app: noApp,
    blocks: [],
    bytes: readReply(content).bytes,
  })
  prove(pair, carrier, message)
  return { carrier: hex(carrier), content: message }
}
