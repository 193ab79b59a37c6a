// The way of packets (docs/spec/node.md 1): the relay, its peeler and its hold, and what is done at the relay's
// word.

import type { NodeId } from '../encoding/ids.ts'
import type { Clock } from '../world/clock.ts'
import { type Engine, engine } from './engine.ts'
import { type VotedStrategy, votedStrategy } from './mixing/voted.ts'
import { watched } from './mixing/watched.ts'
import type { NodeOptions } from './options.ts'
import type { Parts } from './parts.ts'
import { openPeeler } from './relay/open-peeler.ts'
import type { Peeler, PeelerOptions } from './relay/peeler.ts'
import { type Action, type End, type Mixed, newRelay, type Relay, type Thanks } from './relay/relay.ts'
import { Shares } from './relay/shares.ts'
import { nextHop } from './routes.ts'

export interface Pipeline extends Engine {
  readonly relay: Relay
  readonly hold: VotedStrategy<Mixed>
  readonly peeler: Peeler
}

/**
 * Opens it; `happen` lets packets in.
 *
 * @param judged told what each neighbour's packets were worth
 * @throws NodeError THREAD
 */
export async function openPipeline(
  options: NodeOptions,
  parts: Parts,
  judged: PeelerOptions['judged'],
): Promise<Pipeline> {
  const { role, network, link, admission, files, clock, random, log } = options
  const { geometry, keys, replay, limits, parameters } = parts
  const isNode: PeelerOptions['isNode'] = from =>
    from === '' || admission.views.some(({ nodes }) => nodes.has(from as NodeId))
  const peeler = await openPeeler({
    folder: files.folder,
    network,
    threads: options.threads ?? 0,
    startThread: options.startThread,
    clock,
    geometry,
    keys,
    replay,
    now: clock.now,
    log,
    isNode,
    shares: new Shares(isNode),
    peeled: results => run.happen({ type: 'peeled', results }),
    judged,
  })
  const voted = votedStrategy<Mixed>({ random, limit: limits.hold, wall: clock.now })
  const { passed } = options
  const hold = passed === undefined ? voted : watched(voted, clock.elapsed, passed)
  const relay = newRelay({
    geometry,
    self: link.id,
    keepsMail: role === 'gateway',
    passingLimit: limits.passing,
    maxDelayMs: parameters().maxHopDelayMs,
    hold,
  })
  const run = startEngine(options, parts, relay, peeler)
  return { ...run, relay, hold, peeler }
}

function startEngine(
  { clock, log, ...options }: NodeOptions & { readonly clock: Clock },
  parts: Parts,
  relay: Relay,
  peeler: Peeler,
): Engine {
  const run = engine({
    relay,
    clock,
    carryOut: action => carryOut(action),
    fault: error => log.error({ error: String(error) }, 'a step of the relay failed'),
  })
  const carryOut = doer(options, parts, peeler, run.happen)
  return run
}

/** Does what the relay says, and tells it how that ended. */
function doer(
  { link, admission }: Pick<NodeOptions, 'link' | 'admission'>,
  { bulletin, mail, loops, replay, disk }: Parts,
  peeler: Peeler,
  happen: Engine['happen'],
): (action: Action) => void {
  const ended = (end: End, thanks?: Thanks): void => happen({ type: 'ended', end, thanks })

  function forward({ next, way, packet }: Extract<Action, { do: 'forward' }>): void {
    const to = nextHop(admission.views, link.id, next, way)
    if (to === undefined) ended('NO_ROUTE')
    else ended(link.send(to, packet) ? 'forwarded' : 'LINK_REFUSED')
  }

  function record(batch: number): void {
    replay.flush().then(
      () => {
        disk.wrote('journal')
        happen({ type: 'recorded', batch, ok: true })
      },
      (error: unknown) => {
        disk.wrote('journal', error)
        happen({ type: 'recorded', batch, ok: false })
      },
    )
  }

  return action => {
    switch (action.do) {
      case 'peel':
        return peeler.peel(action.from, action.packets)
      case 'record':
        return record(action.batch)
      case 'forward':
        return forward(action)
      case 'store':
        if (mail === undefined) return ended('NO_MAILBOX')
        return mail.boxes.put(action.mail, end => ended(end, action.thanks))
      case 'serve':
        return ended('served', action.thanks)
      case 'publish':
        return ended(bulletin.publish(action.user) ? 'served' : 'NOT_PUBLISHED', action.thanks)
      case 'loop':
        return ended(loops.returned(action.replyId, action.payload) ? 'served' : 'UNKNOWN_LOOP')
    }
  }
}
