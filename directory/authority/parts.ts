// Assembles an authority of its parts.

import { ed25519Sign } from '#crypto'
import { hex, same } from '../../encoding/bytes.ts'
import type { Peer } from '../../link/link.ts'
import type { Log } from '../../world/log.ts'
import type { Descriptor } from '../documents/descriptor.ts'
import type { Network } from '../documents/network.ts'
import { defaultParameters } from '../documents/parameters.ts'
import type { View } from '../documents/view.ts'
import { DirectoryError } from '../error.ts'
import { HeldDocuments } from '../follow/held-documents.ts'
import { Publisher } from '../follow/publish.ts'
import { acceptRecords } from '../follow/table.ts'
import { type Dealing, type Sharing, secretSharing } from '../randomness/sharing.ts'
import { step } from '../rounds/round.ts'
import { anyNumber } from '../rounds/seats.ts'
import type { RoundRules } from '../rounds/state.ts'
import { defaultMixing } from '../rounds/tally.ts'
import { Admission } from './admission.ts'
import { Archive } from './archive.ts'
import { Door } from './door.ts'
import { Gossip } from './gossip.ts'
import { sharingSecretKey } from './keys.ts'
import { Office } from './office.ts'
import type { AuthorityOptions } from './options.ts'
import { OthersClocks } from './others-clocks.ts'
import { AuthorityPeers } from './peers.ts'
import { Proofs } from './proofs.ts'
import { Refusals } from './refusals.ts'
import { Rounds } from './rounds.ts'
import { StatisticsBook } from './statistics.ts'
import { StatusNoteKeeper } from './status-note-keeper.ts'
import { AuthorityStore } from './store.ts'

export interface Parts {
  readonly admission: Admission | undefined
  readonly archive: Archive
  readonly clocks: OthersClocks
  readonly gossip: Gossip
  readonly noteKeeper: StatusNoteKeeper
  readonly office: Office
  readonly peers: AuthorityPeers
  readonly proofs: Proofs
  readonly publisher: Publisher
  readonly refusals: Refusals
  readonly rounds: Rounds
  readonly statistics: StatisticsBook
  /** Lets a descriptor in. @throws DirectoryError as `Door.check` and `Rounds.take` */
  readonly take: (descriptor: Descriptor) => Promise<void>
}

/** @param id 32 bytes: this authority */
export function assemble(options: AuthorityOptions, id: Uint8Array): Parts {
  const { network, link, clock, random, log, sharing = secretSharing } = options
  const surroundings = { network, link, clock, random, log }
  const documents = new HeldDocuments(network, page => {
    store.documents.putLogPage(page).catch(told(log, 'a page of the log could not be stored'))
  })
  const networkFor = (document: number): Network => documents.succession.networkFor(document)
  const store = new AuthorityStore(options.store, documents.succession, log, sharing)
  const policy = options.admission
  const current = (): View | undefined => archive.current()
  const admission = policy && new Admission({ ...surroundings, store, policy, current })
  const proofs = new Proofs({ log, store })
  const door = new Door({ network, proofs, admission })
  const refusals = new Refusals()
  const publisher = new Publisher(surroundings, true)
  const archive: Archive = new Archive({
    ...{ network, documents, clock, log, store },
    onRefused: error => refusals.count(error),
    onProof: evidence => proofs.accuse(evidence),
    onDocument: held => {
      office.meet()
      link.dht.keep([...held.view.nodes.values(), ...documents.succession.newest.authorities], true)
      publisher.document(held)
    },
  })
  // votes and nodes' descriptors are not crowded out by whoever makes up identities
  link.rankPeers(peer => {
    const authorities = [...network.authorities, ...documents.succession.newest.authorities]
    if (authorities.some(({ id }) => same(id, peer))) return 'authority'
    return archive.current()?.nodes.has(hex(peer)) === true ? 'node' : 'stranger'
  })
  const peers: AuthorityPeers = new AuthorityPeers({
    ...surroundings,
    urgent: () => archive.current() === undefined,
    onNewest: async (peer, epoch) => {
      await catchUp(archive, peers, peer, epoch)
      await rounds.turn()
    },
  })
  const office = new Office({ network, archive, peers }, options.wanted ?? {}, options.successors ?? null)
  const statistics = statisticsOf(network, archive)
  const rules = rulesOf(options, id, { admission, archive, door, office, proofs, statistics })
  const ofDocuments = { ...surroundings, rules, peers, archive, proofs, store }
  const noteKeeper = new StatusNoteKeeper({
    ...ofDocuments,
    ...{ networkFor, statistics, notes: archive.notes },
    current: () => archive.current(),
    maySpeak: epoch => store.speak(epoch),
    accuse: evidence => proofs.accuse(evidence),
  })
  const rounds: Rounds = new Rounds({
    ...ofDocuments,
    step: options.step ?? step,
    onBegin: () => {
      gossip.plan()
      admission?.prune().catch(told(log, 'a member could not be forgotten'))
      admission?.recount().catch(told(log, 'names of members could not be looked after'))
    },
  })
  const take = async (descriptor: Descriptor): Promise<void> => {
    door.check(descriptor)
    await rounds.take(() => rounds.roundFor(descriptor.epoch), { kind: 'descriptor', descriptor })
    door.checkAccused(descriptor)
  }
  const gossip = new Gossip({ ...surroundings, peers, rounds, take, current: () => archive.current() })
  acceptRecords(link.dht, { network, networkFor, now: clock.now, view: () => documents.newest()?.view })
  link.dht.keep(network.authorities, true)
  return {
    admission,
    archive,
    clocks: new OthersClocks(clock),
    gossip,
    noteKeeper,
    office,
    peers,
    proofs,
    publisher,
    refusals,
    rounds,
    statistics,
    take,
  }
}

function statisticsOf(network: Network, archive: Archive): StatisticsBook {
  return new StatisticsBook({
    network,
    body: name => archive.body(name),
    parameters: () => archive.current()?.parameters ?? defaultParameters,
    before: epoch => archive.documents.newest(epoch)?.view,
  })
}

const unlimited = { nodesPerNetwork: anyNumber, nodesPerFamily: anyNumber } as const

interface Consulted {
  readonly admission: Admission | undefined
  readonly archive: Archive
  readonly door: Door
  readonly office: Office
  readonly proofs: Proofs
  readonly statistics: StatisticsBook
}

/** Makes what is the same in every round. */
function rulesOf(
  options: AuthorityOptions,
  id: Uint8Array,
  { admission, archive, door, office, proofs, statistics }: Consulted,
): Omit<RoundRules, 'network'> {
  const { link, random, seed, sharing = secretSharing, mixing = defaultMixing } = options
  const sharingKey = sharingSecretKey(seed)
  return {
    id,
    sign: message => ed25519Sign(seed, message),
    deal: (of: Sharing) => sharing.deal(of, random),
    openShare: (dealing: Dealing) => sharing.openShare(dealing, sharingKey),
    sharing,
    addresses: link.addresses,
    // Named by everybody: of what the others leave out one authority alone would decide
    wanted: () => ({ ...unlimited, ...admission?.wanted, ...office.parameters }),
    mixing,
    flags: (round, node) => statistics.flags(round, node),
    admits: descriptor => door.admits(descriptor),
    stays: descriptor => door.stays(descriptor),
    networksOf: admission && (stable => admission.networksOf(stable)),
    isSettled: (round, node) => admission?.isSettled(round, node) ?? true,
    newestBefore: epoch => archive.newestBefore(epoch),
    body: name => archive.body(name),
    evidence: () => proofs.all,
    successors: () => office.successors,
    pendingChange: epoch => archive.pendingChange(epoch),
    signed: epoch => archive.signed(epoch),
  }
}

/** A peer answered; what it holds and this authority does not is fetched before the peer counts as seen. */
async function catchUp(
  archive: Archive,
  peers: AuthorityPeers,
  peer: Peer,
  newest: number | null,
): Promise<void> {
  const { log: own } = archive.documents
  if (own.isMissing) {
    const told = await peers.ask(peer, { ask: 'log', page: null }).catch(ignoreRefusal)
    if (told !== undefined) own.learn(told)
  }
  const mine = archive.documents.newest()?.view.epoch ?? -1
  if (newest === null || (newest <= mine && archive.current() !== undefined)) return
  const log = await peers.ask(peer, { ask: 'log', page: null }).catch(ignoreRefusal)
  for (const epoch of [null, newest]) {
    try {
      const bytes = await peers.ask(peer, { ask: 'document', epoch })
      await archive.adoptFrom(bytes, log, after => peers.ask(peer, { ask: 'change', after }))
    } catch (error) {
      if (!(error instanceof DirectoryError && error.code === 'UNAVAILABLE')) throw error
    }
  }
}

/** A peer that has no log tells none. @throws every other error */
function ignoreRefusal(error: unknown): undefined {
  if (!(error instanceof DirectoryError)) throw error
}

/** Makes what says in the log that something failed, and goes on. */
function told(log: Log, what: string): (error: unknown) => void {
  return error => log.error({ why: String(error) }, `authority: ${what}`)
}
