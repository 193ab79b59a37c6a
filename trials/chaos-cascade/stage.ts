// Everybody of a run of `npm run chaos -- cascade`: a whole mix-net on a virtual clock, whose requests and answers are
// lost, whose processes end at any of their writes, and of whom some lie.

import type { Audit, Source } from '../../cascade/audit.ts'
import type { Controller, Reply } from '../../cascade/controller.ts'
import { MemoryJournal } from '../../cascade/journal.ts'
import type { SignedRequest, Signer } from '../../cascade/signed.ts'
import { type Options, World } from '../../simulator/cascade-world.ts'
import type { Defect } from './defects.ts'
import { type Dice, Ended, endingJournal, endingShelf, losing } from './faults.ts'
import type { Invariant, Violation } from './invariants.ts'
import { changing, Liar, swapping } from './liars.ts'
import type { Plan } from './plan.ts'

/** Ticks after which the open cycle is to be closed. */
const closeAfter = 12

const liesOfOwner: readonly string[] = ['owner-lies', 'owner-ends', 'owner-opens']

/** Everybody of a run, and what the harness knows of them. */
export class Stage {
  readonly plan: Plan
  readonly world: World
  readonly liar: Liar
  /** Something that must not be, seen as it happened. */
  seen: Violation | undefined
  /** Names those to whom the Controller lied in this tick. */
  readonly #lied = new Set<string>()
  readonly #dice: Dice

  static async of(plan: Plan, defect: Defect, dice: Dice): Promise<Stage> {
    const holder: { stage?: Stage } = {}
    const memory = endingJournal(new MemoryJournal(), dice, plan.outages)
    const { mixers, trustees } = plan
    const world = await World.of({
      seed: plan.seed,
      mixers,
      trustees,
      threshold: 2,
      journal: defect.journal?.(memory) ?? memory,
      rules: defect.rules?.(),
      ...fewOf(plan),
      mixesAtLeast: defect.mixesAtLeast,
      shelfOf: (_, shelf) => {
        const ending = endingShelf(shelf, dice, plan.crashes)
        return defect.shelf?.(ending) ?? ending
      },
      post: (_, send, made) => (holder.stage as Stage).post(send, made),
      source: (who, controller) => sourceFor(() => (holder.stage as Stage | undefined) ?? controller, who),
    })
    const stage = new Stage(plan, world, dice)
    holder.stage = stage
    for (const text of plan.few === undefined ? plan.texts : plan.texts.slice(0, -1)) world.addClient(text)
    world.closeAt = closeAfter * 10
    return stage
  }

  private constructor(plan: Plan, world: World, dice: Dice) {
    this.plan = plan
    this.world = world
    this.#dice = dice
    this.liar = new Liar(world, world.signers[plan.whom] as Signer)
  }

  get controller(): Controller {
    return this.world.controller
  }

  /** Tells who of the members keeps to the rules, and is told the truth. */
  isHonest(member: number): boolean {
    const { lie, whom } = this.plan
    return lie === 'none' || lie === 'receipt-false' || lie === 'unmixed' || member !== whom
  }

  /** Tells who is away: a liar does nothing but lie, and the mixer of `unmixed` never comes. */
  #isAway(member: number): boolean {
    const { lie, whom } = this.plan
    if (lie === 'unmixed') return member === 0
    return member === whom && ['mixer-drops', 'mixer-copies', 'trustee-lies', ...liesOfOwner].includes(lie)
  }

  get honestAudits(): readonly Audit[] {
    const members = this.world.members.filter((_, i) => this.isHonest(i) && !this.#isAway(i))
    return [...members, ...this.world.clients].map(({ audit }) => audit)
  }

  /** Gives what an honest member says came out. */
  results(): (string[] | undefined)[] {
    const { world } = this
    return world.members
      .filter((member, i) => this.isHonest(i) && !this.#isAway(i) && !member.audit.isForked)
      .map(member => (this.plan.few === 'end' ? this.#givenUp(member.audit) : world.result(member)))
  }

  /** Gives that nothing came out, where the log says that it was given up for good. */
  #givenUp({ board }: Audit): string[] | undefined {
    const last = board.cycles.get(this.world.peers.at(-1) as string)?.at(-1)
    return last?.status === 'ENDED' ? [] : undefined
  }

  /** Lets the one whom all waited for come, once what had too few was prolonged. */
  #comeLate(): void {
    const { plan, world } = this
    if (plan.few !== 'open' || world.clients.length === plan.texts.length) return
    const last = this.controller.board.cycles.get(world.peers.at(-1) as string)?.at(-1)
    if (last !== undefined && last.id > 1 && last.status === 'OPEN') {
      this.#count('prolonged')
      world.addClient(plan.texts.at(-1) as string)
    }
  }

  /** Says whether all who are honest know a result. */
  get isOver(): boolean {
    const all = this.results()
    return all.every(result => result !== undefined)
  }

  async post(send: () => Promise<Reply>, { payload }: SignedRequest): Promise<Reply | undefined> {
    const { lie } = this.plan
    if (lie === 'receipt-false' && payload.resource === 'message' && this.#dice.on && this.world.now < 300) {
      const { entries, checkpoint } = await this.controller.log(0)
      this.#count('receipt-false')
      const receipt = { index: entries.length - 1, path: [], checkpoint }
      return { is: 'accepted', id: '1', receipt }
    }
    return await losing(this.#dice, this.plan, send)
  }

  /** Tells somebody the truth, or lies. */
  source(who: string): Source {
    const honest: Source = {
      log: from => this.controller.log(from),
      blob: hash => this.controller.blob(hash),
    }
    const lied = (): void => {
      this.#lied.add(who)
      this.#count(this.plan.lie)
    }
    if (who !== `member ${this.plan.whom}`) return honest
    if (this.plan.lie === 'log-swapped') return swapping(honest, lied)
    return this.plan.lie === 'blob-changed' ? changing(honest, lied) : honest
  }

  #count(what: string): void {
    this.#dice.counts.set(what, (this.#dice.counts.get(what) ?? 0) + 1)
  }

  /** Lets everybody act once. Who ends is started again from what it had written down. */
  async tick(): Promise<void> {
    const { world } = this
    world.now += 10
    this.#comeLate()
    for (const i of world.clients.keys())
      await this.#act(
        () => world.clients[i]?.tick(),
        () => world.startClient(i),
      )
    for (const i of world.members.keys()) {
      if (i === this.plan.whom) await this.#lie()
      if (this.#isAway(i)) continue
      this.#lied.clear()
      await this.#act(
        () => world.members[i]?.tick(world.now),
        () => world.startMember(i),
      )
      if (this.#lied.has(`member ${i}`) && world.members[i]?.audit.isForked === false)
        this.#see('lie-unseen', `member ${i} believes what the Controller did not sign`)
    }
    if (this.controller.isBroken) await world.reopen()
  }

  async #act(act: () => Promise<unknown> | undefined, again: () => void): Promise<void> {
    try {
      await act()
    } catch (error) {
      if (!(error instanceof Ended)) throw error
      again()
    }
    if (this.controller.isBroken) await this.world.reopen()
  }

  async #lie(): Promise<void> {
    const { lie, whom, mixers, few } = this.plan
    const { peers, random } = this.world
    const own = peers[mixers - whom] as string
    if (lie === 'owner-lies') await this.liar.meddle(peers.at(-1) as string)
    if (few !== undefined) await this.liar.meddleWithFew(peers.at(-1) as string, few)
    if (lie === 'trustee-lies') await this.liar.decrypt(peers[0] as string, whom - mixers + 1)
    if (lie === 'mixer-drops')
      await this.liar.mix(own, async () =>
        random(32 * (5 * this.plan.texts.length + 9)).map((byte, i) => (i % 32 === 31 ? 0 : byte)),
      )
    if (lie === 'mixer-copies')
      await this.liar.mix(own, async controller => {
        const before = controller.board.cycles.get(peers[mixers - whom + 1] as string)?.at(0)
        return before?.status === 'PROCESSED' ? await controller.blob(before.proof_hash) : undefined
      })
  }

  #see(invariant: Invariant, why: string): void {
    this.seen ??= { invariant, why }
  }
}

/** Lets a quorum open cycles for all senders alone, of whom one is missing at first, and agree on what then. */
function fewOf({ few, texts }: Plan): Partial<Options> {
  if (few === undefined) return {}
  return {
    listed: texts.length,
    sizeMin: texts.length,
    // Who is prolonged is waited for: the virtual clock has no days
    mayClose: ({ id, messages }, { size_min }, now) =>
      id === 1 ? now >= closeAfter * 10 : messages.length >= size_min,
    afterFew: ({ status }) => {
      if (status !== 'ABORTED') return undefined
      return few === 'end' ? { do: 'end' } : { do: 'open', until: '2026-01-31T18:00:00Z' }
    },
  }
}

/** Looks at each call which Controller there is now. */
function sourceFor(of: () => Stage | Controller, who: string): Source {
  const now = (): Source => {
    const from = of()
    if (from instanceof Stage) return from.source(who)
    return { log: at => from.log(at), blob: hash => from.blob(hash) }
  }
  return { log: from => now().log(from), blob: hash => now().blob(hash) }
}
