// One run of packets of `npm run chaos -- cascade`: a mix-net of packets on a virtual clock, in which one lies, all end
// at any of their writes, and requests and answers are lost. What was handed in comes out once, and who lied is named.

import { Audit } from '../../cascade/audit.ts'
import type { Shelf } from '../../cascade/caller.ts'
import { MemoryJournal } from '../../cascade/journal.ts'
import { digestOf, type SignedRequest, signerOf } from '../../cascade/signed.ts'
import { concat, hex } from '../../encoding/bytes.ts'
import { group } from '../../simulator/cascade-world.ts'
import { PacketWorld, packetMixnet } from '../../simulator/packet-world.ts'
import { seededRandom } from '../../world/random.ts'
import type { Defect } from './defects.ts'
import { comes, type Dice, Ended, endingJournal, endingShelf, losing } from './faults.ts'
import type { Violation } from './invariants.ts'
import type { PacketPlan } from './packet-plan.ts'

export interface PacketOutcome {
  readonly plan: PacketPlan
  readonly ticks: number
  readonly faults: ReadonlyMap<string, number>
  readonly violation: Violation | undefined
}

/** Faults end here, so that what must come at last can come. */
const healedAfter = 50
const ticksAtMost = 200
const closeAfter = 30
const mixerLies: readonly string[] = [
  'packets-dropped',
  'packets-changed',
  'packets-twice',
  'packets-unordered',
]

export async function runPackets(plan: PacketPlan, defect: Defect = {}): Promise<PacketOutcome> {
  const stage = new PacketStage(plan, defect)
  await stage.begin()
  let ticks = 0
  while (!stage.isOver && ticks < ticksAtMost) {
    if (++ticks === healedAfter) stage.dice.on = false
    await stage.tick()
  }
  // Whoever was told last says so too, and whoever was told nothing hears what is there
  stage.dice.on = false
  for (let i = 0; i < 6; i++) await stage.tick()
  return { plan, ticks, faults: stage.dice.counts, violation: await stage.violation() }
}

/** Starts somebody, who may end in that too. */
function startAgain(start: () => void): void {
  for (;;)
    try {
      start()
      return
    } catch (error) {
      if (!(error instanceof Ended)) throw error
    }
}

class PacketStage {
  readonly plan: PacketPlan
  readonly dice: Dice
  world!: PacketWorld
  readonly #defect: Defect
  readonly #done = new Set<string>()

  constructor(plan: PacketPlan, defect: Defect) {
    this.plan = plan
    this.#defect = defect
    this.dice = { on: false, random: seededRandom(plan.seed + 4_000_000), counts: new Map() }
  }

  async begin(): Promise<void> {
    const { plan, dice } = this
    const memory = endingJournal(new MemoryJournal(), dice, plan.outages)
    this.world = await PacketWorld.of({
      seed: plan.seed,
      body_bytes: 144,
      // Who is left alone after a mixer was left out waits for nobody
      sizeMin: 1,
      covers: plan.covers,
      isAway: () => comes(dice, 'unread', plan.unread),
      journal: this.#defect.journal?.(memory) ?? memory,
      rules: this.#defect.rules?.(),
      shelfOf: (_, shelf) => this.#shelf(shelf),
      post: (_, send) => losing(dice, plan, send),
    })
    const { world } = this
    await world.run(20)
    for (const text of plan.texts) world.addSender().send(world.recipient(), new TextEncoder().encode(text))
    world.closeAt = world.now + 10 * closeAfter
    dice.on = true
  }

  #shelf(shelf: Shelf): Shelf {
    const ending = endingShelf(shelf, this.dice, this.plan.crashes)
    return this.#defect.shelf?.(ending) ?? ending
  }

  /** Says whether every message is where it has to be. */
  get isOver(): boolean {
    return this.world.senders.every(sender => sender.progress(0) === 'delivered')
  }

  #isAway(member: number): boolean {
    const { lie, whom } = this.plan
    return member === whom && (lie === 'packets-away' || mixerLies.includes(lie))
  }

  async tick(): Promise<void> {
    const { world } = this
    world.now += 10
    for (const i of world.senders.keys())
      await this.#act(
        () => world.senders[i]?.tick(),
        () => world.startSender(i),
      )
    await this.#lie()
    for (const i of world.members.keys())
      if (!this.#isAway(i))
        await this.#act(
          () => world.members[i]?.tick(world.now),
          () => world.startMember(i),
        )
    await this.#act(
      () => world.recipients[0]?.tick(world.now),
      () => world.startRecipient(0),
    )
    // A recipient may end between two writes of its own, too
    if (comes(this.dice, 'recipient-ends', this.plan.crashes)) startAgain(() => world.startRecipient(0))
  }

  async #act(act: () => Promise<unknown> | undefined, again: () => void): Promise<void> {
    try {
      await act()
    } catch (error) {
      if (!(error instanceof Ended)) throw error
      startAgain(again)
    }
    if (this.world.controller.isBroken) await this.world.reopen()
  }

  /** Does something once, until it is taken. */
  async #once(name: string, act: () => Promise<{ readonly is: string } | undefined>): Promise<void> {
    if (this.#done.has(name)) return
    const reply = await act().catch(() => undefined)
    if (reply?.is === 'accepted') this.#done.add(name)
    if (this.world.controller.isBroken) await this.world.reopen()
  }

  async #lie(): Promise<void> {
    const { lie, whom, random } = this.plan
    const { world } = this
    const { board } = world.controller
    const first = (rows: Uint8Array[]): Uint8Array => rows[0] as Uint8Array
    const changes: Readonly<Record<string, (rows: Uint8Array[]) => Uint8Array[]>> = {
      'packets-dropped': rows => rows.slice(1),
      'packets-changed': rows => [random(first(rows).length), ...rows.slice(1)],
      'packets-twice': rows => [...rows.slice(0, -1), first(rows)],
      'packets-unordered': rows => rows,
    }
    const change = changes[lie]
    if (change !== undefined)
      await this.#once('lie', async () => await world.lie(whom, change, lie !== 'packets-unordered'))
    const [liar] = world.senderSeeds.map(signerOf)
    const cycle = [...board.cycles.values()].flat().find(({ messages }) => messages.length > 0)
    if (liar === undefined || cycle === undefined || !board.persons.has(liar.id)) return
    const about = { resource: 'cycle', operation: 'action' }
    if (lie === 'packets-copied') {
      const { entries } = await world.controller.log(0)
      const other = entries.find(
        ({ payload }) => payload.resource === 'message' && payload.signer !== world.eve.id,
      ) as SignedRequest
      const { peer_id, cycle_id, data, proof } = other.payload
      const message = { peer_id, cycle_id, box: 0, data, proof } as unknown as Record<string, string>
      const keys = { name: 'eve', peer_type: 'CLIENT', key_data: hex(world.eve.keyData) }
      await this.#once(
        'register',
        async () => await world.say(world.eve, { resource: 'peer', operation: 'create', ...keys }),
      )
      await this.#once(
        'copy',
        async () => await world.say(world.eve, { resource: 'message', operation: 'create', ...message }),
      )
    }
    // When all is there: it has said what it had to say, and its numbers are its own no more
    if (lie === 'packets-complaint' && cycle.status === 'PROCESSED' && this.isOver) {
      const opening = hex(concat(Array.from({ length: 3 }, () => group.reduce(random(64)))))
      const of = { peer_id: cycle.peer_id, cycle_id: cycle.id, packet: 1, opening }
      const who = world.senderSeeds
        .map(signerOf)
        .find(({ id }) => cycle.messages.some(each => each.sender === id))
      if (who !== undefined)
        await this.#once(
          'complain',
          async () => await world.say(who, { ...about, action: 'complain', ...of }),
        )
    }
    const last = [...board.peers.values()].find(({ next }) => next === '')
    const ready = board.cycles.get(last?.peer_id ?? '')?.find(({ status }) => status === 'PROCESSED')
    if (lie === 'packets-taken' && ready !== undefined) {
      const keys = { name: 'eve', peer_type: 'CLIENT', key_data: hex(world.eve.keyData) }
      await this.#once(
        'register',
        async () => await world.say(world.eve, { resource: 'peer', operation: 'create', ...keys }),
      )
      const of = { peer_id: ready.peer_id, cycle_id: ready.id, taken: 1 }
      await this.#once('take', async () => await world.say(world.eve, { ...about, action: 'consume', ...of }))
    }
  }

  /** Finds what does not hold at the end. */
  async violation(): Promise<Violation | undefined> {
    const { world, plan } = this
    const { controller } = world
    const strict = new Audit(packetMixnet, controller.keyData, group, seededRandom(plan.seed + 5_000_000))
    await strict.follow(world.source())
    const [lie] = strict.findings.filter(({ who }) => who === 'controller')
    if (lie !== undefined) return { invariant: 'not-allowed', why: lie.what }
    const digests = new Set(strict.entries.map(({ payload }) => digestOf(payload)))
    for (const sender of world.senders)
      for (const { request } of sender.receipts(0))
        if (!digests.has(digestOf(request.payload)))
          return { invariant: 'accepted-lost', why: 'a sender has a receipt for what is not in the log' }
    return this.#namings(strict) ?? this.#result()
  }

  #namings(strict: Audit): Violation | undefined {
    const { world, plan } = this
    const isLying = mixerLies.includes(plan.lie)
    const liars = new Set([world.eve.id, ...(isLying ? [world.signers[plan.whom]?.id] : [])])
    if (plan.lie === 'packets-complaint') for (const seed of world.senderSeeds) liars.add(signerOf(seed).id)
    for (const [i, { audit }] of world.members.entries()) {
      if (this.#isAway(i)) continue
      const innocent = audit.findings.find(({ who }) => !liars.has(who))
      if (innocent !== undefined)
        return { invariant: 'honest-blamed', why: `${innocent.who} ${innocent.what}` }
      if (audit.size === strict.size && strict.findings.length > audit.findings.length)
        return { invariant: 'liar-unnamed', why: strict.findings.map(({ what }) => what).join(', ') }
    }
    const hasLied = this.#done.has('lie') || this.#done.has('complain') || this.#done.has('take')
    if (hasLied && strict.findings.length === 0)
      return { invariant: 'liar-unnamed', why: `${plan.lie}, and nobody is named` }
    return undefined
  }

  #result(): Violation | undefined {
    const { world, plan } = this
    if (!this.isOver) {
      const states = world.senders.map(sender => sender.progress(0)).join(', ')
      return { invariant: 'stuck', why: `messages are ${states}` }
    }
    // A recipient that ended within handing on is told again, of the same id: it is its app that knows that
    const ids = new Map(
      (world.received[0] ?? []).map(({ id, bytes }) => [id, new TextDecoder().decode(bytes)]),
    )
    const came = [...ids.values()].sort().join('\n')
    const wanted = [...plan.texts].sort().join('\n')
    return came === wanted ? undefined : { invariant: 'result', why: `want ${wanted}: have ${came}` }
  }
}
