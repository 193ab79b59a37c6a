// Questions that are simulated, and with how many runs: so many that standard errors stay below the tolerances, in a
// few minutes altogether.

import { Dice } from '../../hiding/dice.ts'
import { corruptInEach } from '../../hiding/labels.ts'
import type { LayeredPlan } from '../../hiding/layered.ts'
import { meanBits, measureNetwork } from '../../hiding/network.ts'
import { pool } from '../../node/mixing/batch.ts'
import {
  binomialMix,
  byRule,
  dynamicPool,
  type Leaving,
  runBatchMix,
} from '../../simulator/anonymity/batch-mix.ts'
import { disclose } from '../../simulator/anonymity/disclosure.ts'
import { runChallenge } from '../../simulator/anonymity/likelihood.ts'
import { backwardBits, forwardBits } from '../../simulator/anonymity/poisson-mix.ts'
import { type Answer, overRuns } from '../../simulator/anonymity/runs.ts'
import { type Params, Unanswerable } from './question.ts'

const runs = 16
const networkRuns = 10

export function oneBatchMix(p: Params, seed: number): Answer {
  const arrivals = p.number('lamT')
  const leaving = rule(p)
  return overRuns(runs, run => {
    const { bits, delayPeriods, held } = runBatchMix(new Dice(seed, run), arrivals, leaving, 100_000)
    return [bits, delayPeriods, held]
  })
}

/** Any period does: the rule does not look at it. */
const everyMs = 1000

function rule(p: Params): Leaving {
  if (p.has('p')) return binomialMix(p.number('p'))
  if (p.has('f')) return byRule(pool(p.number('f'), 100, everyMs))
  const least = p.number('fmin')
  const share = p.number('frac')
  // the node's share is a whole percentage
  if (p.text('rule').startsWith('flush min')) return byRule(pool(least, Math.round(100 * share), everyMs))
  return dynamicPool(least, share)
}

export function onePoissonMix(p: Params, seed: number): Answer {
  const load = p.number('lambda_over_mu')
  return overRuns(runs, run => [backwardBits(new Dice(seed, run), load, 400_000)])
}

export function onePoissonMixForward(p: Params, seed: number): Answer {
  const load = p.number('lambda_over_mu')
  const messages = load < 20 ? 5000 : Math.ceil(20_000 / load)
  return overRuns(runs, run => {
    const dice = new Dice(seed, run)
    let bits = 0
    for (let i = 0; i < messages; i++) bits += forwardBits(dice, load)
    return [bits / messages]
  })
}

/** Stratified, or cascades where `topology` says so in words. */
export function simulatedNetwork(p: Params, seed: number): Answer {
  const topology = p.text('topology')
  const single = /^(one|two) cascades? of (\d+)$/.exec(topology)
  const plan: LayeredPlan = {
    ratePerS: p.has('total_rate')
      ? p.number('total_rate')
      : p.number('clients') * p.number('rate_per_client'),
    layers: single === null ? p.number('layers') : Number(single[2]),
    width: single === null ? p.number('width') : single[1] === 'one' ? 1 : 2,
    hopDelayS: p.number(p.has('mean_delay_s_per_hop') ? 'mean_delay_s_per_hop' : 'mean_delay_s'),
    processingS: p.number('processing_delay_s', 0),
    cascades: topology.includes('cascade'),
  }
  return network(plan, p.number('corrupt_per_layer', 0), seed)
}

/** The time that a packet spends on links shifts it as a whole, and hides nothing: what is left is spent in mixes. */
const linkS = 0.05

function publishedPlan(p: Params): LayeredPlan {
  const layers = p.number('layers')
  return {
    ratePerS: p.number('total_rate'),
    layers,
    width: p.number('width'),
    hopDelayS: (p.number('e2e_s') - (layers + 1) * linkS) / layers,
  }
}

export function publishedNetwork(p: Params, seed: number): Answer {
  const plan = publishedPlan(p)
  const corrupt = Math.round(p.number('corrupt_fraction', 0) * plan.width)
  const routing = p.text('routing')
  if (routing === '') return network(plan, corrupt, seed)
  if (routing !== 'first-layer weights 0.4,0.6/9 x9') throw new Unanswerable(`routing: got ${routing}`)
  const firstWeights = [0.4, ...Array.from({ length: 9 }, () => 0.6 / 9)]
  return network({ ...plan, firstWeights }, corrupt, seed)
}

/** Rates are of all mixes together; those of the last layer send no dummies. */
export function publishedDummies(p: Params, seed: number): Answer {
  const plan = publishedPlan(p)
  const senders = plan.width * (plan.layers - 1)
  const answers = p
    .list('total_mix_dummy_rates')
    .map(rate => network({ ...plan, dummiesPerMixS: rate / senders }, 0, seed))
  return { value: answers.flatMap(({ value }) => value), se: answers.flatMap(({ se }) => se) }
}

/**
 * Follows the more packets in a run the fewer are in flight: messages differ much where mixes hold few; where a label
 * spreads over many packets, following one takes long and gives nearly the same figure for each.
 */
function network(plan: LayeredPlan, corrupt: number, seed: number): Answer {
  const dummies = (plan.dummiesPerMixS ?? 0) * plan.width
  const inFlight = (plan.ratePerS + dummies) * plan.layers * plan.hopDelayS
  const targets = Math.min(400, Math.max(corrupt > 0 ? 40 : 8, Math.ceil(200_000 / inFlight)))
  return overRuns(networkRuns, run => [
    meanBits(
      measureNetwork(plan, corruptInEach(plan.layers, plan.width, corrupt), new Dice(seed, run), targets),
    ),
  ])
}

export function challenge(p: Params, seed: number): Answer {
  const corruptProbability = p.number('corrupt_prob')
  const plan = {
    senders: p.number('senders'),
    sendRate: p.number('lam'),
    layers: p.number('layers'),
    width: p.number('width'),
    hopDelayS: 1 / p.number('mu'),
    corruptProbability,
    units: 100,
  }
  const repeats = Math.ceil(60 + 600 * corruptProbability)
  return overRuns(repeats, run => [runChallenge(plan, new Dice(seed, run)).epsilon])
}

export function disclosure(p: Params, seed: number): Answer {
  return overRuns(runs, run => watched(p, seed, run))
}

export function disclosureCurve(p: Params, seed: number): Answer {
  return overRuns(runs, run => watched(p, seed, run).slice(0, 1))
}

/** Gives the mean of repeated attacks, so that a run's figures are not all 0 or 1. */
function watched(p: Params, seed: number, run: number): readonly number[] {
  const plan = {
    recipients: p.number('recipients'),
    batch: p.number('batch'),
    contacts: p.number('contacts'),
    rounds: p.number('rounds'),
  }
  const dice = new Dice(seed, run)
  const repeats = Math.max(20, Math.ceil(1_000_000 / (plan.rounds * plan.batch + plan.recipients)))
  let found = 0
  let all = 0
  for (let i = 0; i < repeats; i++) {
    const disclosed = disclose(plan, dice)
    found += disclosed.found
    all += disclosed.all
  }
  return [found / repeats, all / repeats]
}
