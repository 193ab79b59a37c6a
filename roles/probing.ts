// A client of a node's own, which measures what clients get (docs/spec/node.md 4.1). It is a client like any other, by
// the same code: it enters at a gateway, has its home at another, sends what a client sends with nothing to say, and
// after some epochs goes and comes again as somebody else. Nobody that its packets pass can treat them otherwise than
// a client's.

import { type Client, ClientError, type ClientOptions, openClient } from '../client/index.ts'
import type { LoopRecord } from '../node/index.ts'
import type { Clock } from '../world/clock.ts'
import { type Log, silent } from '../world/log.ts'
import { exponential, type Random } from '../world/random.ts'
import { memoryStore } from '../world/store.ts'
import { type Ms, minute } from '../world/units.ts'
import { sleep } from '../world/wait.ts'

/** A client is somebody for so many epochs more than one, on average. */
const meanEpochs = 8
/** The first does not begin with its node, nor the next where the last one ended: so much later on average, at most. */
const mostPauseMs: Ms = minute

export interface ProbingInit {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly record: Pick<LoopRecord, 'ended'>
  /** Gives what a client of this network needs besides: its network, and whom it asks. */
  readonly client: Pick<ClientOptions, 'network' | 'sources' | 'dialFrom' | 'link' | 'directory'>
  /** Default: as an app opens one. */
  readonly open?: (options: ClientOptions) => Promise<Client>
}

export interface Probing extends AsyncDisposable {
  /** Counts the clients that it has been. */
  readonly lives: number
  close(): Promise<void>
}

/** Begins to measure. Whatever fails is tried again later, and ends nothing. */
export function startProbing(init: ProbingInit): Probing {
  const { clock, random, log, record, client: given, open = openClient } = init
  const { epochMs } = given.network
  const stop = new AbortController()
  let lives = 0

  const live = async (): Promise<void> => {
    await sleep(clock, exponential(random, Math.min(mostPauseMs, epochMs / 4)), stop.signal)
    const client = await open({
      ...given,
      clock,
      random,
      // Of what a client says of itself nothing is of interest
      log: silent,
      store: memoryStore(),
      onLoop: ({ nodes, returned }) => record.ended(nodes, returned),
    })
    lives++
    try {
      await sleep(clock, epochMs + exponential(random, meanEpochs * epochMs), stop.signal)
    } finally {
      await client.close()
    }
  }
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        await live()
      } catch (error) {
        if (stop.signal.aborted) return
        const reason = error instanceof ClientError ? error.code : 'FAULT'
        log.warn({ reason }, 'the client that measures ended')
      }
    }
  }
  const running = run()

  const close = async (): Promise<void> => {
    stop.abort()
    await running
  }
  return {
    get lives() {
      return lives
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
