// A mix or gateway as a running thing: made of its parts, started, drained, stopped (docs/spec/node.md 5).

import { believedTime } from '../directory/believed-time.ts'
import { DirectoryError } from '../directory/error.ts'
import { LinkError } from '../link/link.ts'
import { mailboxProtocol, requestBytes } from '../link/protocol/mailbox.ts'
import { entryProtocol, errandBytes, homeProtocol, mostBatchBytes } from '../link/protocol/relaying.ts'
import type { Clock } from '../world/clock.ts'
import { exponential } from '../world/random.ts'
import { guardedClock, Timers } from '../world/timers.ts'
import { type Ms, second } from '../world/units.ts'
import { sleep } from '../world/wait.ts'
import type { Reading } from './counts/period-count.ts'
import { conduct, door, type Life } from './door.ts'
import { epochs } from './epochs.ts'
import { sampleMs } from './gateway/load.ts'
import { sweepMs } from './gateway/mailbox.ts'
import { loopSender } from './loops/sender.ts'
import { usualStrategy } from './mixing/voted.ts'
import type { NodeOptions } from './options.ts'
import { openParts, type Parts } from './parts.ts'
import { openPipeline, type Pipeline } from './pipeline.ts'
import { rankOf } from './routes.ts'
import { type NodeStatus, statusOf } from './status.ts'

/** While its loops are missing a node holds each packet for so many mean delays more, on average. */
export const heldOnDelays = 4
/** The link may take so long to empty its queues when a node drains. */
const flushMs: Ms = 5 * second

/** A mix or gateway that runs. Made by `startNode`. */
export interface RunningNode extends AsyncDisposable {
  /** 32 bytes */
  readonly id: Uint8Array
  status(): NodeStatus
  /**
   * Tells the authorities that it leaves; it goes on until the documents that have it are over.
   *
   * @returns by the hex of each authority: whether it knows now
   */
  leave(): Promise<ReadonlyMap<string, boolean>>
  /** Takes nothing more, and resolves when what it holds has left: at most the longest delay later. */
  drain(): Promise<void>
  /** Stops at once; what it holds is lost. */
  close(): Promise<void>
}

/**
 * Starts a mix or gateway on a link.
 *
 * @throws NodeError FOLDER, BAD_FILE, NEWER_FORMAT, THREAD; DirectoryError BAD_NETWORK
 */
export async function startNode(given: NodeOptions): Promise<RunningNode> {
  if (typeof given?.network !== 'object')
    throw new DirectoryError('BAD_NETWORK', 'network: want what readNetwork gives of a network file')
  const machine = guardedClock(given.clock, given.log, 'node')
  const time = believedTime(machine, given.network)
  const options = { ...given, clock: time.clock }
  const { link, admission, clock } = options
  const parts = await openParts(options, time, machine)
  const pipeline = await openPipeline(options, parts, conduct(options, parts))
  const life: Life = { at: 'running' }
  const timers = new Timers(clock)
  const sender = loopSender({
    loops: parts.loops,
    timers,
    view: () => admission.views[0],
    send(loop) {
      pipeline.happen({ type: 'originated', ...loop })
      parts.watch.plan()
    },
  })
  const followed = epochs(options, parts, pipeline, { life, sender, timers })
  link.rankPeers(rankOf(options.network, admission, parts.mail))
  parts.watch.react(wary => {
    const held = wary && life.at === 'running'
    const meanMs = heldOnDelays * parts.parameters().hopDelayMs
    pipeline.relay.holdOn = held ? () => exponential(options.random, meanMs) : undefined
    sender.cover(held)
  })
  serveMail(options, parts, timers)
  measureLoad(options, parts, pipeline, timers)
  parts.counts.start(timers, () => readingOf(parts, pipeline))
  link.onCells(door(options, parts, pipeline, life))

  const node: RunningNode = {
    id: link.id,
    status: () =>
      statusOf({
        ...options,
        ...parts,
        state: life.at,
        now: clock.now(),
        clockErrorMs: time.seemsAheadMs(),
        relay: pipeline.relay,
        peeler: pipeline.peeler,
        alarm: parts.watch,
      }),
    leave: async () => (await parts.joined?.leave()) ?? new Map(),
    async drain() {
      if (life.at !== 'running') return
      life.at = 'draining'
      sender.stop()
      pipeline.relay.holdOn = undefined
      // a batch may never be complete any more
      followed.mixAs(usualStrategy)
      await pipeline.empty(pipeline.relay.maxDelayMs)
      await link.flush(flushMs)
    },
    async close() {
      if (life.at === 'closed') return
      life.at = 'closed'
      parts.watch.close()
      followed.stop()
      time.stop()
      pipeline.stop()
      timers.close()
      parts.bulletin.stop()
      await parts.joined?.close()
      pipeline.peeler.shares.close()
      await pipeline.peeler.close()
      await parts.replay.close()
      parts.mail?.channels.close()
      await parts.mail?.boxes.close()
      parts.keys.close()
    },
    [Symbol.asyncDispose]: () => node.close(),
  }
  return node
}

/** Lets a gateway's clients read here and at their homes, and what is too old go. */
function serveMail(
  { link, admission, clock }: NodeOptions,
  { mail, parameters }: Parts,
  timers: Timers,
): void {
  if (mail === undefined) return
  const { boxes, gateway, channels, entry } = mail
  const sweep = (): void => {
    boxes.sweep()
    channels.sweep()
    timers.after(sweepMs(parameters().mailboxMinutes), sweep)
  }
  sweep()
  link.serve(mailboxProtocol, requestBytes, (from, request) => punctual(clock, gateway.answer(from, request)))
  link.serve(entryProtocol, errandBytes, entry.carry)
  link.serve(homeProtocol, mostBatchBytes, (from, batch) =>
    admission.isNode(from)
      ? punctual(clock, channels.answer(from, batch))
      : Promise.reject(new LinkError('REFUSED', 'a batch of cells: only nodes bring them')),
  )
  link.onGone(client => {
    gateway.gone(client)
    entry.gone(client)
  })
}

/** Reads what is counted (docs/spec/counts.md 1): a gateway's clients, or packets that a mix passed on for others. */
function readingOf({ mail, loops }: Parts, { relay }: Pipeline): Reading {
  if (mail !== undefined) return { sample: mail.gateway.entered }
  const { sent, cover } = loops.counts
  return { grown: relay.counters.forwarded - sent - cover }
}

/** Measures what a gateway can carry, and has strangers go where it is less than what came. */
function measureLoad(
  { load: measured, clock }: NodeOptions,
  { mail }: Parts,
  { relay }: Pipeline,
  timers: Timers,
): void {
  if (mail?.load === undefined || measured === undefined) return
  const { gateway, load } = mail
  const sample = (): void => {
    const work = relay.counters.received + gateway.counters.answered + mail.entry.counters.carried
    load.sample({ at: clock.elapsed(), cpuMs: measured.cpuMs(), work, clients: gateway.clients })
    gateway.shed()
    timers.after(sampleMs, sample)
  }
  sample()
}

/** Gives an answer so long after it was asked for, whatever it took to make. */
const answerMs: Ms = 10

/** docs/spec/gateway.md 4: when an answer leaves says nothing of what is in it. */
async function punctual<T>(clock: Clock, answer: Promise<T>): Promise<T> {
  const due = clock.elapsed() + answerMs
  const made = await answer
  await sleep(clock, Math.max(0, due - clock.elapsed()))
  return made
}
