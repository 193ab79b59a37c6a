// How well a message sent now is hidden, as a client's status has it (docs/spec/counts.md 6): computed by the program
// that the client lives in, since a client itself knows nothing of models.

import * as v from 'valibot'
import { named } from './named.ts'

interface Figure {
  /** Null where only bounds are known. */
  readonly value: number | null
  readonly low: number
  /** Null where nothing bounds it. */
  readonly high: number | null
}

/** An estimate of traffic: of counts that nodes publish with noise, or what the consensus alone says. */
interface Estimate extends Figure {
  readonly from: 'counts' | 'consensus'
  /** Nodes whose counts are in it, and those that could have published one. */
  readonly nodes: number
  readonly of: number
}

/** Tells how well a message sent now is hidden. Entropies in bits. */
export interface AnonymityStatus {
  /** The epoch of the consensus that it was computed from. */
  readonly epoch: number
  /** False where nodes publish no counts, and bounds are all that is known. */
  readonly published: boolean
  readonly users: Estimate
  /** Packets a second through each layer. */
  readonly packetsPerS: Estimate
  /** Shannon's entropy, with the error of the simulation. */
  readonly bits: Figure & { readonly se: number }
  /** One message of twenty has no more than this. */
  readonly lowBits: Figure & { readonly se: number }
  readonly minBits: Figure
  /** Over senders instead of packets. */
  readonly senderBits: Figure
  /** Isolating one message at a mix: messages of the attacker's own, time, and how often no alarm is raised. */
  readonly nMinusOne: {
    readonly messages: number
    readonly seconds: number
    readonly seconds95: number
    readonly unseen: number
  } | null
  /** With one mix of each layer the observer's. */
  readonly oneCorrupt: { readonly bits: number; readonly lowBits: number; readonly known: number }
  readonly model: {
    readonly layers: number
    readonly width: number
    readonly hopDelayS: number
    readonly cascades: boolean
    readonly corruptPerLayer: number
    readonly mixing: string
    readonly batchPackets: number
    readonly batchS: number
  }
  readonly sources: {
    readonly measured: readonly string[]
    readonly noised: readonly string[]
    readonly assumed: readonly string[]
  }
}

const figure = { value: v.nullable(v.number()), low: v.number(), high: v.nullable(v.number()) }
const estimate = v.object({
  ...figure,
  from: v.picklist(['counts', 'consensus']),
  nodes: v.number(),
  of: v.number(),
})
const texts = v.array(v.string())

export const anonymity: v.GenericSchema<unknown, AnonymityStatus> = named(
  'Anonymity',
  v.object({
    epoch: v.number(),
    published: v.boolean(),
    users: estimate,
    packetsPerS: estimate,
    bits: v.object({ ...figure, se: v.number() }),
    lowBits: v.object({ ...figure, se: v.number() }),
    minBits: v.object(figure),
    senderBits: v.object(figure),
    nMinusOne: v.nullable(
      v.object({
        messages: v.number(),
        seconds: v.number(),
        seconds95: v.number(),
        unseen: v.number(),
      }),
    ),
    oneCorrupt: v.object({ bits: v.number(), lowBits: v.number(), known: v.number() }),
    model: v.object({
      layers: v.number(),
      width: v.number(),
      hopDelayS: v.number(),
      cascades: v.boolean(),
      corruptPerLayer: v.number(),
      mixing: v.string(),
      batchPackets: v.number(),
      batchS: v.number(),
    }),
    sources: v.object({ measured: texts, noised: texts, assumed: texts }),
  }),
)
