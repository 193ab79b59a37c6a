// The promises that a run of the local network must keep. A claim reads a value from the record and says whether it
// holds.

import {
  type Ending,
  type KillKind,
  leak,
  type MessageRecord,
  type RunRecord,
} from '../../simulator/processes/index.ts'
import { type Claim, claim, type Settled } from './claim.ts'
import { anonymityClaims } from './claims-anonymity.ts'
import { crowdClaims } from './claims-crowd.ts'
import { roundClaims } from './claims-rounds.ts'

/** Those of a network that carries packets; some are about its directory and its processes. */
export const claims: readonly Claim[] = [
  claim({
    id: 'consensus-agreed',
    says: 'every client and node holds the same consensus hash of an epoch',
    read: run => {
      const hashes = byEpoch(run)
      const seen = new Set(run.consensus.map(({ process }) => process))
      return {
        epochs: hashes.size,
        split: [...hashes.values()].filter(set => set.size > 1).length,
        processes: seen.size,
        shared: mostShared(run),
      }
    },
    holds: ({ epochs, split, processes, shared }, run) =>
      epochs > 0 && split === 0 && processes === run.processes && shared === run.processes,
    refuted: ({ split }) => split > 0,
  }),
  claim({
    id: 'consensus-signed',
    says: 'every consensus carries valid signatures of at least t authorities',
    read: run => ({
      documents: run.documents.length,
      fewest: Math.min(...run.documents.map(({ signatures }) => signatures)),
    }),
    holds: ({ documents, fewest }, run) => documents > 0 && fewest >= run.threshold,
    refuted: ({ documents, fewest }, run) => documents > 0 && fewest < run.threshold,
  }),
  claim({
    id: 'epochs-passed',
    says: 'the run saw at least two epochs',
    read: run => run.epochs,
    holds: epochs => epochs >= 2,
  }),
  claim({
    id: 'messages-accepted',
    says: 'every message was accepted by its client',
    read: run => ({ accepted: accepted(run).length, of: run.messages.length }),
    holds: ({ accepted, of }) => accepted === of,
  }),
  claim({
    id: 'messages-read-once',
    says: 'every message was read exactly once with its bytes intact',
    read: run => ({
      once: accepted(run).filter(({ readAt }) => readAt.length === 1).length,
      of: accepted(run).length,
      strangers: run.strangers.length,
    }),
    holds: ({ once, of, strangers }) => once === of && strangers === 0,
    refuted: ({ strangers }, run) => strangers > 0 || accepted(run).some(({ readAt }) => readAt.length > 1),
  }),
  claim({
    id: 'messages-stored',
    says: 'every message was acknowledged by the far gateway',
    read: run => ({ stored: accepted(run).filter(({ stored }) => stored).length, of: accepted(run).length }),
    holds: ({ stored, of }) => stored === of,
  }),
  claim({
    id: 'replies-arrived',
    says: 'every reply arrived once with its bytes intact',
    read: run => ({
      once: accepted(run).filter(({ replyReadAt }) => replyReadAt.length === 1).length,
      of: accepted(run).length,
    }),
    holds: ({ once, of }) => once === of,
    refuted: (_, run) => accepted(run).some(({ replyReadAt }) => replyReadAt.length > 1),
  }),
  claim({
    id: 'replier-untold',
    says: 'nothing that a replier was given names the one who asked',
    read: run => ({ exposed: run.exposed.length }),
    holds: ({ exposed }) => exposed === 0,
    refuted: ({ exposed }) => exposed > 0,
  }),
  claim({
    id: 'counters-sum',
    says: 'at every node received = forwarded + stored + served + dropped + held',
    read: run => ({
      nodes: run.nodes.length,
      leaking: run.nodes
        .filter(({ packets }) => leak(packets) !== 0)
        .map(({ name, packets }) => `${name} ${leak(packets)}`),
      received: run.nodes.reduce((sum, { packets }) => sum + packets.received, 0),
    }),
    holds: ({ nodes, leaking, received }) => nodes > 0 && leaking.length === 0 && received > 0,
    refuted: ({ leaking }) => leaking.length > 0,
  }),
  claim({
    id: 'paths-layered',
    says: 'each path had one mix of each layer between its gateways',
    read: run => ({
      paths: run.paths.length,
      crooked: run.paths.filter(({ epoch, hops }) => !isLayered(run, epoch, hops)).length,
    }),
    // without a message nobody chose a path
    holds: ({ paths, crooked }, run) => crooked === 0 && (paths > 0 || run.messages.length === 0),
    refuted: ({ crooked }) => crooked > 0,
  }),
  killClaim('mix', 'a mix killed in the middle of the run cost no message'),
  killClaim('gateway', 'a gateway killed and started again cost no message'),
  killClaim('authority', 'an authority killed and started again cost no message'),
  claim({
    id: 'epochs-kept',
    says: 'an authority killed and started again cost no epoch: each has its document',
    read: run => {
      if (!run.wantedKills.includes('authority')) return undefined
      const have = new Set(run.documents.map(({ epoch }) => epoch))
      const epochs = Array.from({ length: run.epochs }, (_, epoch) => epoch)
      const kill = run.kills.find(({ kind }) => kind === 'authority')
      return { killedIn: kill?.epoch, epochs: run.epochs, without: epochs.filter(epoch => !have.has(epoch)) }
    },
    holds: ({ killedIn, epochs, without }) =>
      killedIn !== undefined && epochs >= killedIn + 3 && without.length === 0,
  }),
  killClaim('authorities', 'all authorities were killed for good, and it cost no message'),
  claim({
    id: 'orphans-go-on',
    says: 'without authorities everybody said until when it goes on, and a message that was sent then was read',
    read: run => {
      if (!run.wantedKills.includes('authorities')) return undefined
      const dead = run.kills.filter(({ kind }) => kind === 'authorities' || kind === 'mix').length
      const from = Math.max(...run.late.map(({ at }) => at))
      const until = Math.min(...run.late.map(({ worksUntil }) => worksUntil))
      const since = accepted(run).filter(({ acceptedAt = 0 }) => acceptedAt >= from && acceptedAt < until)
      const read = since.filter(({ readAt }) => readAt.some(at => at < until))
      return {
        said: run.late.length,
        of: run.processes - dead,
        sentSince: since.length,
        readSince: read.length,
      }
    },
    holds: ({ said, of, sentSince, readSince }) => said === of && sentSince > 0 && readSince === sentSince,
  }),
  claim({
    id: 'payment-join',
    says: 'all peers joined their payments in one transaction, over the network',
    read: run =>
      run.wantedPayments === 0
        ? undefined
        : (run.join ?? { transaction: null, size: 0, effectiveSet: 0, paid: 0 }),
    holds: ({ transaction, size, effectiveSet, paid }, run) =>
      transaction !== null && [size, effectiveSet, paid].every(count => count === run.wantedPayments),
  }),
  claim({
    id: 'payment-paid',
    says: 'one person paid another: both say so, and the two of them hold the receipt, nobody else',
    read: run =>
      run.wantedPaid
        ? (run.paid ?? { amount: 0, payerSaysPaid: false, receiverSaysPaid: false, receipts: 0 })
        : undefined,
    holds: ({ amount, payerSaysPaid, receiverSaysPaid, receipts }) =>
      amount > 0 && payerSaysPaid && receiverSaysPaid && receipts === 2,
  }),
  ...roundClaims,
  ...anonymityClaims,
  claim({
    id: 'none-failed',
    says: 'no process ended that was not told to',
    read: run => ({
      failed: run.endings.filter(({ asked }) => asked === undefined).map(howItEnded),
    }),
    holds: ({ failed }) => failed.length === 0,
    refuted: ({ failed }) => failed.length > 0,
  }),
  claim({
    id: 'stopped-clean',
    says: 'all processes ended when told to and no port is left open',
    read: run => ({
      ended: run.endings.filter(({ asked, code }) => asked === 'SIGTERM' && code === 0).length,
      forced: run.endings.filter(({ asked, code }) => asked === 'SIGTERM' && code !== 0).map(howItEnded),
      openPorts: run.openPorts,
    }),
    holds: ({ ended, forced, openPorts }, run) => {
      return forced.length === 0 && openPorts.length === 0 && ended === run.processes - stillDead(run)
    },
    // A process that has not begun to listen for SIGTERM ends by it all the same.
    refuted: ({ openPorts }, run) =>
      openPorts.length > 0 ||
      run.endings.some(({ asked, signal }) => asked === 'SIGTERM' && signal === 'SIGKILL'),
  }),
]

const ofAnyNetwork: ReadonlySet<string> = new Set([
  ...['consensus-agreed', 'consensus-signed', 'epochs-passed', 'none-failed', 'stopped-clean'],
])

function claimsOf(run: RunRecord): readonly Claim[] {
  return run.wantedCrowd ? [...claims.filter(({ id }) => ofAnyNetwork.has(id)), ...crowdClaims] : claims
}

/** Says what a claim promises. */
export function saysOf(id: string): string {
  return [...claims, ...crowdClaims].find(claim => claim.id === id)?.says ?? id
}

/** Every claim that applies, in the table's order. */
export function settle(run: RunRecord): Settled[] {
  return claimsOf(run).flatMap(({ id, read, holds, refuted }): Settled[] => {
    const value = read(run)
    if (value === undefined) return []
    if (run.stopped) return [{ id, holds: false, measured: refuted?.(value, run) ?? false, value }]
    return [{ id, holds: holds(value, run), measured: true, value }]
  })
}

/** A claim as it stands in the middle of a run: what was not measured yet neither holds nor is broken. */
export interface SoFar {
  readonly id: string
  readonly at: 'open' | 'holds' | 'broken'
  readonly value: unknown
}

/** @param isOver the run has been taken account of; its end alone is still to come */
export function settleSoFar(run: RunRecord, isOver: boolean): SoFar[] {
  return claimsOf(run).flatMap(({ id, read, holds, refuted }): SoFar[] => {
    const value = read(run)
    if (value === undefined) return []
    if (refuted?.(value, run)) return [{ id, at: 'broken', value }]
    if (id !== 'stopped-clean' && holds(value, run)) return [{ id, at: 'holds', value }]
    return [{ id, at: isOver && id !== 'stopped-clean' ? 'broken' : 'open', value }]
  })
}

/** Counts what was killed and is to stay dead. */
function stillDead({ kills, byHand }: RunRecord): number {
  const dead = new Set(kills.filter(({ kind }) => !comesBack(kind)).map(({ name }) => name))
  for (const [name, what] of byHand) what === 'killed' ? dead.add(name) : dead.delete(name)
  return dead.size
}

/** Applies when a process of that kind was killed or should have been. */
function killClaim(kind: KillKind, says: string): Claim {
  return claim({
    id: `kill-survived-${kind}`,
    says,
    read: run => {
      if (!run.wantedKills.includes(kind)) return undefined
      const kills = run.kills.filter(kill => kill.kind === kind)
      return {
        killed: kills.map(({ name }) => name),
        inFlight: kills.reduce((sum, { inFlight }) => sum + inFlight, 0),
        back: kills.filter(({ backAt }) => backAt !== undefined).length,
        lost: lost(run).length,
      }
    },
    holds: ({ killed, inFlight, back, lost }) =>
      killed.length > 0 && inFlight > 0 && lost === 0 && back === (comesBack(kind) ? killed.length : 0),
  })
}

/** Mixes, and authorities where all are killed, stay dead. */
export function comesBack(kind: KillKind): boolean {
  return kind === 'gateway' || kind === 'authority'
}

export function accepted(run: RunRecord): MessageRecord[] {
  return run.messages.filter(({ acceptedAt }) => acceptedAt !== undefined)
}

/** Accepted, and not read when the run ended. */
export function lost(run: RunRecord): MessageRecord[] {
  return accepted(run).filter(({ readAt }) => readAt.length === 0)
}

function howItEnded({ name, code, signal }: Ending): string {
  return `${name}: ${signal ?? `exit code ${code}`}`
}

function byEpoch(run: RunRecord): Map<number, Set<string>> {
  const hashes = new Map<number, Set<string>>()
  for (const { epoch, hash } of run.consensus) hashes.set(epoch, (hashes.get(epoch) ?? new Set()).add(hash))
  return hashes
}

/** Counts the processes that held the consensus of one epoch: of the epoch that most of them held. */
function mostShared(run: RunRecord): number {
  const holders = new Map<number, Set<string>>()
  for (const { epoch, process } of run.consensus) {
    holders.set(epoch, (holders.get(epoch) ?? new Set()).add(process))
  }
  return Math.max(0, ...[...holders.values()].map(set => set.size))
}

/** The key of `RunRecord.layerOf`. */
export function layerKey(epoch: number, id: string): string {
  return `${epoch} ${id}`
}

/** A document is valid for three epochs: a path may be drawn from an older one where the next was late. */
function isLayered(run: RunRecord, epoch: number, hops: readonly string[]): boolean {
  const mixes = hops.slice(1, -1)
  const ends = [hops[0], hops.at(-1)]
  const fits = (document: number): boolean =>
    mixes.every((id, layer) => run.layerOf.get(layerKey(document, id)) === layer)
  return (
    mixes.length === run.layers &&
    [epoch, epoch - 1, epoch - 2].some(fits) &&
    ends.every(id => id !== undefined && run.gateways.has(id))
  )
}
