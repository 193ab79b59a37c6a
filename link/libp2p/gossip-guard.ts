// The guard between a peer's gossip and gossipsub (docs/spec/link.md 8): gossipsub decodes whatever comes as fast as it
// comes, and remembers every message of every topic, also of those that nobody here follows. Here each peer has a
// budget that is spent before a message is decoded, and what is not followed goes no further.

import type { GossipSub, gossipsub, Message } from '@libp2p/gossipsub'
import type { PeerId } from '@libp2p/interface'
import { frameCost, messageCost } from '../gossip.ts'

/** Messages of one frame at most; a heartbeat's control traffic comes with them. */
const mostMessages = 512

type DecodeRpcLimits = NonNullable<NonNullable<Parameters<typeof gossipsub>[0]>['decodeRpcLimits']>

/** The limits of gossipsub's decoder: what has more is no frame. */
export const decodeRpcLimits: DecodeRpcLimits = {
  maxSubscriptions: 64,
  maxMessages: mostMessages,
  maxIhaveMessageIDs: 5000,
  maxIwantMessageIDs: mostMessages,
  maxIdontwantMessageIDs: mostMessages,
  maxControlMessages: 64,
  maxPeerInfos: 16,
}

export interface GossipGuard {
  /** Takes so much of a peer's budget; false when it has no more, or takes no part: nothing more of it is read. */
  spend(peer: PeerId, cost: number): boolean
  /** Says whether a topic is followed; what is not is held against the peer that sent it. */
  follows(peer: PeerId, topic: string): boolean
}

interface Rpc {
  messages: Pick<Message, 'topic'>[]
}

type Frames = AsyncIterable<{ readonly byteLength: number }>

/** gossipsub's own, by how it reads. */
interface Reading {
  pipePeerReadStream(peer: PeerId, frames: Frames): Promise<void>
  handleReceivedRpc(peer: PeerId, rpc: Rpc): Promise<void>
}

function isReading(pubsub: object): pubsub is Reading {
  return 'pipePeerReadStream' in pubsub && 'handleReceivedRpc' in pubsub
}

/** Stands between what peers send and what gossipsub does with it. */
export function guardGossip(pubsub: GossipSub, guard: GossipGuard): void {
  if (!isReading(pubsub)) throw new Error('gossipsub is not what it was')
  const read = pubsub.pipePeerReadStream.bind(pubsub)
  const handle = pubsub.handleReceivedRpc.bind(pubsub)
  pubsub.pipePeerReadStream = (peer, frames) => read(peer, withinBudget(peer, frames, guard))
  pubsub.handleReceivedRpc = async (peer, rpc) => {
    if (!guard.spend(peer, rpc.messages.length * messageCost)) return
    rpc.messages = rpc.messages.filter(({ topic }) => guard.follows(peer, topic))
    await handle(peer, rpc)
  }
}

/** Is pulled frame by frame, and by gossipsub before it decodes each. */
async function* withinBudget(peer: PeerId, frames: Frames, guard: GossipGuard): Frames {
  for await (const frame of frames) {
    if (!guard.spend(peer, frame.byteLength + frameCost)) return
    yield frame
  }
}
