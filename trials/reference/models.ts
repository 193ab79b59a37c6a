// Which model answers which question. Closed forms answer exactly; the rest is simulated.

import {
  blendPool,
  crowdFigures,
  drainPoisson,
  intersection,
  trilemmaSynchronised,
  trilemmaUnsynchronised,
} from '../../hiding/formulas-attack.ts'
import {
  blockedExceptOne,
  leavesNext,
  loopMiss,
  poissonHeld,
  thresholdMix,
  thresholdPool,
  timedMix,
} from '../../hiding/formulas-mix.ts'
import {
  allCorrupt,
  cascadeBatch,
  delayBits,
  everCorrupt,
  latency,
  sendBuffer,
  someCascadeCorrupt,
  someRouteCorrupt,
} from '../../hiding/formulas-network.ts'
import { anonymity, shannon } from '../../hiding/metrics.ts'
import { type Answer, exactly } from '../../simulator/anonymity/runs.ts'
import { type Params, type Question, Unanswerable } from './question.ts'
import {
  challenge,
  disclosure,
  disclosureCurve,
  oneBatchMix,
  onePoissonMix,
  onePoissonMixForward,
  publishedDummies,
  publishedNetwork,
  simulatedNetwork,
} from './simulated.ts'

export type Model = (params: Params, seed: number) => Answer

/** Models by group; the first whose condition holds answers. */
const models: readonly (readonly [group: string, holds: (question: Question) => boolean, model: Model])[] = [
  ['metrics', ({ kind }) => kind === 'closed', figures],
  ['metrics', () => true, p => exactly(anonymity(p.list('p')).degree)],
  ['threshold mix', () => true, p => exactly(...thresholdMix(p.number('n'), p.number('arrival_rate')))],
  ['timed mix', () => true, p => exactly(...timedMix(p.number('mean_arrivals_per_period')))],
  [
    'threshold pool mix',
    () => true,
    p => exactly(...thresholdPool(p.number('N_new_per_round'), p.number('n_retained'))),
  ],
  ['timed-pool', () => true, oneBatchMix],
  ['cottrell-min', () => true, oneBatchMix],
  ['cottrell-taxonomy', () => true, oneBatchMix],
  ['binomial-fixed-p', () => true, oneBatchMix],
  ['Poisson (stop-and-go) mix', asks('mean entropy of departures'), onePoissonMix],
  ['Poisson (stop-and-go) mix', asks('forward'), onePoissonMixForward],
  ['Poisson (stop-and-go) mix', asks('mean pool'), p => exactly(...poissonHeld(p.number('lambda_over_mu')))],
  ['Poisson (stop-and-go) mix', () => true, nextOfTwo],
  ['active attacks', has('lambda_R'), onlyTarget],
  ['active attacks', has('mix_loop_rate'), missedLoops],
  ['active attacks', has('f_retained'), flushedPool],
  ['active attacks', has('mu'), p => exactly(...drainPoisson(p.number('lam'), p.number('mu')))],
  ['network', has('total_rate'), simulatedNetwork],
  ['network', has('batch'), synchronousBatch],
  ['network', has('layers'), p => exactly(delayBits(p.number('layers'), p.number('mean_delay_s')))],
  ['published network', has('total_mix_dummy_rates'), publishedDummies],
  ['published network', () => true, publishedNetwork],
  ['independent simulator', () => true, simulatedNetwork],
  ['Loopix likelihood difference', () => true, challenge],
  ['latency', has('hops'), p => exactly(...latency(p.number('hops'), p.number('mean_delay_s')))],
  ['latency', has('poisson_send_clock_rate'), buffered],
  ['latency', () => true, measuredElsewhere],
  ['path compromise', has('hops'), p => exactly(allCorrupt(p.number('N'), p.number('B'), p.number('hops')))],
  ['path compromise', has('p_path'), p => exactly(everCorrupt(p.number('p_path'), p.number('messages')))],
  ['path compromise', has('cascade_len'), corruptCascade],
  ['path compromise', has('layers'), corruptRoute],
  ['Crowds', () => true, crowd],
  ['long-term attacks', has('p_online'), intersected],
  ['long-term attacks', has('alice'), disclosure],
  ['long-term attacks', has('rounds'), disclosureCurve],
  ['trilemma', has('beta'), synchronised],
  ['trilemma', has('p'), p => exactly(trilemmaUnsynchronised(p.number('p'), p.number('rounds')))],
]

/** Finds the model of a question. Throws Unanswerable. */
export function modelOf(question: Question): Model {
  const found = models.find(([group, holds]) => group === question.group && holds(question))
  if (found === undefined) throw new Unanswerable('no model for such a question')
  return found[2]
}

function has(name: string): (question: Question) => boolean {
  return ({ params }) => Object.hasOwn(params, name)
}

function asks(start: string): (question: Question) => boolean {
  return ({ quantity }) => quantity.startsWith(start)
}

function figures(p: Params): Answer {
  const { shannonBits, minEntropyBits, degree, effectiveSet, maxGuess } = anonymity(p.list('p'))
  return exactly(shannonBits, minEntropyBits, degree, effectiveSet, maxGuess)
}

function nextOfTwo(p: Params): Answer {
  const state = { first: p.number('n'), stayed: p.number('k'), came: p.number('l') }
  return exactly(...leavesNext(state, p.number('mu', 1), p.number('lambda_M', 0)))
}

function onlyTarget(p: Params): Answer {
  return exactly(blockedExceptOne(p.number('s'), p.number('mu'), p.number('lambda_M'), p.number('lambda_R')))
}

function missedLoops(p: Params): Answer {
  return exactly(loopMiss(p.number('mix_loop_rate'), p.number('window_s_after_RTT')))
}

function flushedPool(p: Params): Answer {
  const { flushRounds, flushRounds99, targetRounds, messages } = blendPool(
    p.number('N_new_per_round'),
    p.number('f_retained'),
  )
  return exactly(flushRounds, flushRounds99, targetRounds, messages)
}

/** Two cascades of two mixes: 'topology' says so in words. */
function synchronousBatch(p: Params): Answer {
  const length = /cascades of (\d+) mixes/.exec(p.text('topology'))?.[1]
  if (length === undefined) throw new Unanswerable(`topology: got ${p.text('topology')}`)
  const messages = p.number('per_cascade')
  const [own, other] = cascadeBatch(messages, Number(length), p.number('p_hostile'))
  return exactly(own, other, shannon([own, ...Array.from({ length: messages - 1 }, () => other)]))
}

function buffered(p: Params): Answer {
  return exactly(...sendBuffer(p.number('poisson_send_clock_rate'), p.number('real_message_rate')))
}

function measuredElsewhere(): Answer {
  throw new Unanswerable(
    'a measurement of an implementation on machines of a cloud: the time that packets take to be processed and to ' +
      'travel is in it and not among the parameters; three delays alone have mean 1.5 s, deviation 0.87 s',
  )
}

function corruptCascade(p: Params): Answer {
  return exactly(someCascadeCorrupt(p.number('N'), p.number('cascade_len'), p.number('B')))
}

function corruptRoute(p: Params): Answer {
  return exactly(someRouteCorrupt(p.number('N'), p.number('layers'), p.number('B')))
}

function crowd(p: Params): Answer {
  const of = { members: p.number('n'), corrupt: p.number('c'), forward: p.number('pf') }
  const { predecessor, bits, degree, probablyInnocent, leastMembers } = crowdFigures(of)
  return exactly(predecessor, bits, degree, Number(probablyInnocent), leastMembers)
}

function intersected(p: Params): Answer {
  return exactly(...intersection(p.number('N'), p.number('p_online'), p.number('observations')))
}

function synchronised(p: Params): Answer {
  return exactly(trilemmaSynchronised(p.number('n'), p.number('beta'), p.number('rounds')))
}
