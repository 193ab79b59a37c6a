// Draws a conversation of broken bytes from its seed: where it breaks off from what an honest host says, and with
// what.

import { below, pick, type Random, seededRandom } from '../../world/random.ts'
import {
  type BareStage,
  bareBytes,
  bareStages,
  protocols,
  type SecuredStage,
  securedBytes,
  split,
} from './broken.ts'

export const roles = ['authority', 'gateway', 'client'] as const
export type WireRole = (typeof roles)[number]

export const transports = ['tcp', 'ws'] as const
export type Transport = (typeof transports)[number]

/** Ways to end it, after its last byte or in the middle of everything. */
export const endings = ['end', 'reset', 'silence', 'hang-up'] as const
export type Ending = (typeof endings)[number]

interface Drawn {
  readonly seed: number
  /** `listener`: we dial the host; `dialler`: the host dials us. */
  readonly side: 'listener' | 'dialler'
  readonly role: WireRole
  readonly transport: Transport
  /** The bytes that are sent, chunk by chunk. */
  readonly chunks: readonly Uint8Array[]
  /** Milliseconds between two chunks. */
  readonly gapMs: number
  readonly ending: Ending
}

export type Conversation = Drawn &
  (
    | { readonly kind: 'bare'; readonly stage: BareStage }
    | { readonly kind: 'secured'; readonly stage: SecuredStage; readonly protocol: string }
  )

/** So many of a hundred conversations pass a true handshake: each costs what some of the others cost. */
const securedPercent = 30
/** So many of a hundred of those end the connection they are on. */
const fatalPercent = 20
const longestGapMs = 3

export function drawConversation(seed: number): Conversation {
  const random = seededRandom(seed)
  const role = pick(random, roles)
  const side = role === 'client' || below(random, 4) === 0 ? 'dialler' : 'listener'
  const transport = pick(random, transports)
  const ending = pick(random, endings)
  const gapMs = below(random, 3) === 0 ? 1 + below(random, longestGapMs) : 0
  const drawn = { seed, side, role, transport, ending, gapMs } as const
  if (below(random, 100) < securedPercent) return { ...drawn, ...drawSecured(random) }
  const stages = bareStages.filter(
    stage => transport === 'ws' || !(stage === 'upgrade' || stage === 'frames'),
  )
  const stage = pick(random, stages)
  const chunks = split(random, bareBytes(random, stage))
  return { ...drawn, kind: 'bare', stage, chunks }
}

function drawSecured(random: Random): {
  kind: 'secured'
  stage: SecuredStage
  protocol: string
  chunks: readonly Uint8Array[]
} {
  const stage =
    below(random, 100) < fatalPercent
      ? pick(random, ['identity', 'muxer', 'sealed', 'yamux'] as const)
      : pick(random, ['stream', 'protocol'] as const)
  const protocol = pick(random, protocols)
  return { kind: 'secured', stage, protocol, chunks: split(random, securedBytes(random, stage, protocol)) }
}
