// One run of `npm run chaos -- directory`: whole authorities with real signatures and disks in memory, nodes and a
// client, on a virtual clock, while the plan's disturbances come and go.

import { ed25519PublicKey, ed25519Sign } from '#crypto'
import { startAuthority } from '../../directory/authority/authority.ts'
import { sharingSecretKey } from '../../directory/authority/keys.ts'
import { successorsOf } from '../../directory/documents/authority-set.ts'
import type { Successors } from '../../directory/documents/consensus.ts'
import { secretSharing } from '../../directory/randomness/sharing.ts'
import { step } from '../../directory/rounds/round.ts'
import type { Sign } from '../../directory/statement.ts'
import { hex } from '../../encoding/bytes.ts'
import { LinkError } from '../../link/link.ts'
import { cheapSharing } from '../../simulator/cheap-sharing.ts'
import { DirectoryWorld, entryOf, type NodeMember, seedOf } from '../../simulator/directory-world.ts'
import { silent } from '../../world/log.ts'
import { fraction } from '../../world/random.ts'
import { memoryStore } from '../../world/store.ts'
import { changedLink, Liar } from './liar.ts'
import { areApart, type Change, everybody, type Partition, type Plan, undisturbed } from './plan.ts'
import { remembering } from './randomness.ts'
import { nodesPerNetwork, type Violation, Watch } from './watch.ts'

export interface Outcome {
  readonly seed: number
  readonly real: boolean
  readonly epochs: number
  /** Rounds that ended in no document. */
  readonly failedEpochs: number
  readonly faults: ReadonlyMap<string, number>
  readonly violation: Violation | undefined
}

/** Fractions of an epoch at which a round has ended, and its document is in use also by those who had none before. */
const looks = { ended: 0.7, inUse: 1.1 } as const

/** In one run of so many a network is crowded. */
const crowdEvery = 4

/** @param defect makes of the voting machine a broken one */
export function run(plan: Plan, defect: (of: typeof step) => typeof step = same): Promise<Outcome> {
  return new ChaosRun(plan, defect).run()
}

function same<T>(machine: T): T {
  return machine
}

interface Moment {
  /** In epochs. */
  readonly at: number
  readonly run: () => void | Promise<void>
}

class ChaosRun {
  readonly #plan: Plan
  readonly #machine: typeof step
  readonly #world: DirectoryWorld
  readonly #watch: Watch
  readonly #ids: readonly Uint8Array[]
  readonly #keys: ReadonlyMap<string, { readonly id: Uint8Array; readonly sign: Sign }>
  readonly #liars: Liar[] = []
  readonly #partitions = new Set<Partition>()
  readonly #faults = new Map<string, number>()
  /** Those who have been told of the change. */
  readonly #told = new Set<number>()
  readonly #successors: Successors | undefined
  readonly #clientStore = memoryStore()
  #away: NodeMember | undefined
  #epochs = 0
  #failed = 0

  constructor(plan: Plan, defect: (of: typeof step) => typeof step) {
    const { seed, authorities, threshold } = plan
    this.#plan = plan
    this.#machine = defect(step)
    const sharing = plan.real ? remembering(secretSharing) : cheapSharing
    const size = { authorities, threshold, mixes: 2, gateways: 1, layers: 1 }
    this.#world = new DirectoryWorld({ seed, ...size })
    this.#ids = everybody(plan).map(i => entryOf(i).id)
    this.#successors = plan.change && successorsIn(plan.change)
    this.#keys = new Map(
      [...plan.liars.keys()].map(i => {
        const key = seedOf(`authority ${i}`)
        const id = ed25519PublicKey(key)
        return [hex(id), { id, sign: (message: Uint8Array) => ed25519Sign(key, message) }]
      }),
    )
    this.#watch = new Watch({
      network: this.#world.network,
      liars: new Map(
        [...plan.liars.keys()].map(i => [hex(this.#ids[i] as Uint8Array), seedOf(`authority ${i}`)]),
      ),
      sharing,
      isUndisturbed: (id, round) => this.#undisturbed(round).includes(id),
    })
  }

  async run(): Promise<Outcome> {
    const { seed, real, authorities, change } = this.#plan
    for (let i = 0; i < authorities; i++) {
      if (change?.proposed === 0) this.#told.add(i)
      await this.#start(i)
    }
    await this.#world.startNodes()
    if (seed % crowdEvery === crowdEvery - 1) await this.#crowd()
    await this.#world.startClient()
    if (change !== undefined) await this.#world.startClient({ store: this.#clientStore })
    for (const { at, run } of this.#moments()) {
      await this.#world.advanceTo(0, at)
      await run()
      if (this.#watch.violation !== undefined) break
    }
    await this.#world.close()
    return {
      seed,
      real,
      epochs: this.#epochs,
      failedEpochs: this.#failed,
      faults: this.#faults,
      violation: this.#watch.violation,
    }
  }

  /** More nodes of one network than honest authorities want. */
  async #crowd(): Promise<void> {
    for (let i = 0; i < 2 * nodesPerNetwork; i++) {
      const addresses = [`/ip4/198.51.100.${i + 1}/tcp/4001`]
      await this.#world.startNode(`crowd ${i}`, 'gateway', { addresses })
    }
  }

  /** Everything that happens from outside, in the order of time. */
  #moments(): Moment[] {
    const { disturbances, epochs, change } = this.#plan
    const moments: Moment[] = disturbances.flatMap(disturbance => {
      const { from, until } = disturbance
      if (disturbance.kind === 'partition') {
        return [
          { at: from, run: () => this.#part(disturbance) },
          { at: until, run: () => void this.#partitions.delete(disturbance) },
        ]
      }
      return [
        { at: from, run: () => this.#crash(disturbance.authority) },
        { at: until, run: () => this.#restart(disturbance.authority) },
      ]
    })
    if (change !== undefined) moments.push(...this.#changing(change))
    for (let epoch = 0; epoch < epochs; epoch++) {
      moments.push({ at: epoch + looks.ended, run: () => this.#lookAtRound(epoch) })
      moments.push({ at: epoch + looks.inUse, run: () => this.#lookAtUse(epoch) })
      for (let i = 0; i < this.#plan.liars.size; i++) {
        const at = epoch + 0.6 * fraction(this.#world.random)
        moments.push({ at, run: () => this.#liars[i]?.disturb() })
      }
    }
    return moments.sort((a, b) => a.at - b.at)
  }

  /** The operators agree on other authorities; the new ones start; a client and a mix see nothing of it. */
  #changing({ proposed, started, away, members }: Change): Moment[] {
    const { random } = this.#world
    const operators = everybody(this.#plan).filter(i => i < this.#plan.authorities)
    return [
      ...operators.map(i => ({ at: proposed * fraction(random), run: () => this.#propose(i) })),
      ...members
        .filter(i => i >= this.#plan.authorities)
        .map(i => ({
          at: started,
          run: async () => {
            this.#told.add(i)
            if (this.#world.authorities[i] === undefined) await this.#start(i)
          },
        })),
      { at: away.from, run: () => this.#leave() },
      { at: away.until, run: () => this.#return() },
    ]
  }

  #propose(i: number): void {
    this.#told.add(i)
    this.#world.authorities[i]?.propose(this.#successors ?? null)
  }

  async #leave(): Promise<void> {
    const { clients, nodes } = this.#world
    await clients.pop()?.close()
    this.#away = nodes[0]
    if (this.#away !== undefined) await this.#world.killNode(this.#away)
  }

  /** The client with what it had; the mix, and another client that knows one node, with the oldest configuration. */
  async #return(): Promise<void> {
    const [node] = this.#world.nodes
    await this.#world.startClient({ store: this.#clientStore })
    if (this.#away !== undefined) await this.#world.startNode(this.#away.name, this.#away.role)
    if (node !== undefined) await this.#world.startClient({ sources: [this.#world.peer(node)] })
  }

  async #start(i: number): Promise<void> {
    const { network, clock, random, stores, authorities, authorityLinks } = this.#world
    const host = this.#world.host(`authority ${i}`, 'authority', entryOf(i).addresses)
    const lies = this.#plan.liars.get(i)
    const liar =
      lies === undefined
        ? undefined
        : new Liar({
            network,
            networkOf: round => this.#watch.succession.votingNetwork(round + 1, round + 1),
            link: host,
            clock,
            random,
            keys: this.#keys,
            lies,
            sharing: this.#watch.randomness.sharing,
            sharingKey: sharingSecretKey(seedOf(`authority ${i}`)),
            onLie: lie => this.#count(lie),
          })
    if (liar !== undefined) this.#liars.push(liar)
    const link = changedLink(host, {
      request: async (to, protocol, body, options) => {
        const other = this.#ids.findIndex(id => hex(id) === hex(to.id))
        if (areApart(this.#partitions, i, other)) throw new LinkError('UNREACHABLE', 'cut off')
        return host.request(to, protocol, body, options)
      },
    })
    authorityLinks[i] = host
    stores[i] ??= memoryStore()
    authorities[i] = await startAuthority({
      network,
      seed: seedOf(`authority ${i}`),
      link: liar?.link ?? link,
      clock,
      random,
      log: silent,
      store: stores[i],
      sharing: this.#watch.randomness.sharing,
      wanted: { hopDelayMs: 40 + i, nodesPerNetwork },
      successors: this.#told.has(i) ? this.#successors : null,
      step: liar === undefined ? this.#watched(i) : step,
    })
  }

  #watched(i: number): typeof step {
    const id = hex(this.#ids[i] as Uint8Array)
    return (rules, state, event, now) => {
      const stepped = this.#machine(rules, state, event, now)
      this.#watch.stepped(id, rules, state, event, stepped, now)
      return stepped
    }
  }

  #part(partition: Partition): void {
    this.#partitions.add(partition)
    this.#count('partition')
  }

  async #crash(i: number): Promise<void> {
    if (this.#world.authorities[i] === undefined) return
    await this.#world.killAuthority(i)
    this.#count('crash')
  }

  async #restart(i: number): Promise<void> {
    const isExpected = i < this.#plan.authorities || this.#told.has(i)
    if (this.#world.authorities[i] !== undefined || !isExpected) return
    await this.#start(i)
    this.#count('restart')
  }

  #lookAtRound(round: number): void {
    this.#epochs++
    if (!this.#watch.hasDocument(round + 1)) this.#failed++
    if (this.#watch.succession.lastChange === round + 1) this.#count('succession')
    const ids = this.#undisturbed(round)
    const electorate = this.#watch.electorate(round, ids)
    if (electorate !== undefined) this.#watch.checkRound(round, electorate, ids)
  }

  /** A round of undisturbed authorities makes a document that they, nodes and clients use from its first moment. */
  #lookAtUse(round: number): void {
    const now = this.#undisturbed(round + 1)
    const ready = this.#undisturbed(round).filter(id => now.includes(id))
    if (this.#watch.electorate(round, ready) === undefined) return
    const { authorities, nodes, clients } = this.#world
    const views = [
      ...ready.map(id => ({
        who: `authority ${this.#ids.findIndex(other => hex(other) === id)}`,
        view: authorities[this.#ids.findIndex(other => hex(other) === id)]?.current(),
      })),
      ...nodes.map(({ name, directory }) => ({ who: name, view: directory.current() })),
      ...clients.map((client, i) => ({ who: `client ${i}`, view: client.current() })),
    ]
    const behind = views.filter(({ view }) => view?.epoch !== round + 1).map(({ who }) => who)
    if (behind.length > 0) this.#watch.violated('follow', `epoch ${round + 1}: ${behind.join(', ')} behind`)
  }

  /** Hex of the ids. */
  #undisturbed(round: number): string[] {
    return undisturbed(this.#plan, round).map(i => hex(this.#ids[i] as Uint8Array))
  }

  #count(fault: string): void {
    this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1)
  }
}

function successorsIn({ from, members, threshold }: Change): Successors {
  return successorsOf(from, { authorities: members.map(entryOf), threshold })
}
