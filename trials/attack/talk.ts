// Two people who write to each other through their clients, for the attacks that look for traces of it; and one who
// has clients work, for whoever wants to see whether that shows.

import { setTimeout as pause } from 'node:timers/promises'
import { type RemoteClient, RemoteError } from '../../client/remote/index.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { exponential, fraction, type Random } from '../../world/random.ts'
import { second } from '../../world/units.ts'

const meanGapMs = 3000
const longPollMs = 1000
const retryMs = 300
/** A message that has not arrived by then is given up: a run does not wait for minutes for what was lost often. */
const deadlineMs = 100 * second
/** Somebody hostile does something this often, while so few of its messages wait. */
const pesterMs = 500
const mostWaiting = 12
/** Bytes of what is begun and never ended: some forty fragments. */
const unfinished = 300_000
/** Bytes of a message: as many short ones as long ones, on a logarithmic scale. */
const shortest = 10
const longest = 20_000

/**
 * Writes, reads and answers until called off.
 *
 * @param pair the clients of the two
 */
export async function talk(
  pair: readonly RemoteClient[],
  random: Random,
  now: () => number,
  signal: AbortSignal,
): Promise<void> {
  const addresses = await Promise.all(pair.map(async client => (await client.status()).address))
  await Promise.all(
    pair.flatMap((client, i) => [
      write(client, addresses[1 - i] as string, random, now, signal),
      answer(client, random, signal),
    ]),
  )
}

async function write(
  client: RemoteClient,
  to: string,
  random: Random,
  now: () => number,
  signal: AbortSignal,
): Promise<void> {
  for (let due = now(); !signal.aborted; ) {
    due += exponential(random, meanGapMs)
    await pause(Math.max(0, due - now()), undefined, { signal }).catch(() => {})
    await patiently(() =>
      client.send(to, random(someLength(random)), { replies: true, receipt: true, deadlineMs }),
    )
  }
}

/** Half of what comes gets an answer. */
async function answer(client: RemoteClient, random: Random, signal: AbortSignal): Promise<void> {
  for (let after = -1; !signal.aborted; ) {
    const page = await patiently(() => client.messages({ after, waitMs: longPollMs }))
    after = page?.next ?? after
    for (const { id, canReply } of page?.messages ?? []) {
      if (canReply && fraction(random) < 0.5)
        await patiently(() => client.reply(id, random(someLength(random)), { deadlineMs }))
    }
  }
}

/**
 * Has clients work until called off: writes to them in turn, asking for receipts and answers, begins what it never
 * ends, and uses up the reply blocks of whoever has written to it. Leaves nothing under way.
 */
export async function pester(
  hostile: RemoteClient,
  victims: readonly string[],
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) {
    await pause(pesterMs, undefined, { signal }).catch(() => {})
    // It sends no faster than its own clock; what waits behind that makes work for nobody
    const status = await patiently(() => hostile.status())
    if (status === undefined || status.queue >= mostWaiting) continue
    const to = victims[turn % victims.length] as string
    const begun = await patiently(() => hostile.send(to, random(unfinished)))
    await patiently(() =>
      hostile.send(to, random(100), { replies: true, receipt: true, received: true, deadlineMs }),
    )
    await pause(pesterMs, undefined, { signal }).catch(() => {})
    if (begun !== undefined) await patiently(() => hostile.cancel(begun.id))
    const page = await patiently(() => hostile.messages())
    const answerable = (page?.messages ?? []).filter(({ canReply }) => canReply)
    for (const { id } of answerable)
      await patiently(() => hostile.reply(id, random(someLength(random)), { deadlineMs }))
  }
  for (const { id } of (await patiently(() => hostile.queue())) ?? [])
    await patiently(() => hostile.cancel(id))
}

function someLength(random: Random): number {
  return Math.round(shortest * (longest / shortest) ** fraction(random))
}

/** A client that is busy or refuses for the moment (its queue is full, a reply block is over) is asked again later. */
async function patiently<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof RemoteError || error instanceof CommandError)) throw error
    await pause(retryMs)
    return undefined
  }
}
