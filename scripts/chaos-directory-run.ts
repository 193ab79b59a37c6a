// One run of `npm run chaos -- directory`: whole authorities with real signatures and disks in memory, nodes and a
// client, on a virtual clock, while the plan's disturbances come and go.

import { ed25519PublicKey, ed25519Sign } from '#crypto'
import { startAuthority } from '../directory/authority.ts'
import { sharingSecretKey } from '../directory/authority-keys.ts'
import { step } from '../directory/round.ts'
import { secretSharing } from '../directory/sharing.ts'
import { hex, type Sign } from '../directory/statement.ts'
import { LinkError } from '../link/link.ts'
import { silent } from '../link/log.ts'
import { memoryStore } from '../link/store.ts'
import { fraction } from '../sphinx/random.ts'
import { cheapSharing } from '../test/cheap-sharing.ts'
import { DirectoryWorld, seedOf } from '../test/directory-world.ts'
import { changedLink, Liar } from './chaos-directory-liar.ts'
import { areApart, type Partition, type Plan, undisturbed } from './chaos-directory-plan.ts'
import { remembering } from './chaos-directory-randomness.ts'
import { type Violation, Watch } from './chaos-directory-watch.ts'

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
  #epochs = 0
  #failed = 0

  constructor(plan: Plan, defect: (of: typeof step) => typeof step) {
    const { seed, authorities, threshold } = plan
    this.#plan = plan
    this.#machine = defect(step)
    const sharing = plan.real ? remembering(secretSharing) : cheapSharing
    const size = { authorities, threshold, mixes: 2, gateways: 1, layers: 1 }
    this.#world = new DirectoryWorld({ seed, ...size })
    this.#ids = this.#world.network.authorities.map(({ id }) => id)
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
      isUndisturbed: (id, round) =>
        undisturbed(plan, round).some(i => hex(this.#ids[i] as Uint8Array) === id),
    })
  }

  async run(): Promise<Outcome> {
    const { seed, real, authorities } = this.#plan
    for (let i = 0; i < authorities; i++) await this.#start(i)
    await this.#world.startNodes()
    await this.#world.startClient()
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

  /** Everything that happens from outside, in the order of time. */
  #moments(): Moment[] {
    const { disturbances, epochs } = this.#plan
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

  async #start(i: number): Promise<void> {
    const { network, clock, random, stores, authorities, authorityLinks } = this.#world
    const host = this.#world.host(`authority ${i}`, 'authority', network.authorities[i]?.addresses)
    const lies = this.#plan.liars.get(i)
    const liar =
      lies === undefined
        ? undefined
        : new Liar({
            network,
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
      wanted: { hopDelayMs: 40 + i },
      step: liar === undefined ? this.#watched(i) : step,
    })
  }

  #watched(i: number): typeof step {
    const id = hex(this.#ids[i] as Uint8Array)
    return (rules, state, event, now) => {
      const stepped = this.#machine(rules, state, event, now)
      this.#watch.stepped(id, state, event, stepped, now)
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
    if (this.#world.authorities[i] !== undefined) return
    await this.#start(i)
    this.#count('restart')
  }

  #lookAtRound(round: number): void {
    this.#epochs++
    if (!this.#watch.hasDocument(round + 1)) this.#failed++
    const ids = undisturbed(this.#plan, round).map(i => hex(this.#ids[i] as Uint8Array))
    if (ids.length >= this.#plan.threshold) this.#watch.checkRound(round, ids)
  }

  /** A round of undisturbed authorities makes a document that they and the client use from its first moment. */
  #lookAtUse(round: number): void {
    const now = undisturbed(this.#plan, round + 1)
    const ready = undisturbed(this.#plan, round).filter(i => now.includes(i))
    if (ready.length < this.#plan.threshold) return
    const views = [
      ...ready.map(i => this.#world.authorities[i]?.current()),
      ...this.#world.clients.map(client => client.current()),
    ]
    const behind = views.filter(view => view?.epoch !== round + 1).length
    if (behind > 0) this.#watch.violated('follow', `epoch ${round + 1}: ${behind} of ${views.length} behind`)
  }

  #count(fault: string): void {
    this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1)
  }
}
