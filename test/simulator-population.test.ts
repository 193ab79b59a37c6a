// docs/spec/simulator.md 4.4: many users, event by event. The queue is in order whatever comes in when; what is in the
// mixes and what labels say is what the engine of layers says, and one seed gives one result.

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Dice } from '../hiding/dice.ts'
import { corruptInEach } from '../hiding/labels.ts'
import { meanBits, measureNetwork } from '../hiding/network.ts'
import { TimeHeap } from '../simulator/anonymity/heap.ts'
import { Population, type PopulationPlan } from '../simulator/anonymity/population.ts'
import { overRuns } from '../simulator/anonymity/runs.ts'
import { Wheel } from '../simulator/anonymity/wheel.ts'

const gaps = fc.array(fc.double({ min: 0, max: 40, noNaN: true }), { minLength: 1, maxLength: 300 })

test('a wheel and a heap give what a sorted list gives, while things are put in', () => {
  fc.assert(
    fc.property(gaps, gaps, (first, later) => {
      const wheel = new Wheel(0.1, 64)
      const heap = new TimeHeap(1)
      const list: number[] = []
      let now = 0
      let number = 0
      const put = (gap: number): void => {
        wheel.push(now + gap, number)
        heap.push(now + gap, number++)
        list.push(now + gap)
      }
      const take = (): void => {
        list.sort((a, b) => a - b)
        now = list.shift() as number
        assert.is(heap.first, now)
        heap.pop()
        assert.ok(wheel.pop() >= 0)
        assert.is(wheel.time, now)
        assert.is(wheel.size, list.length)
      }
      for (const gap of first) put(gap)
      for (const gap of later) {
        take()
        put(gap)
      }
      while (list.length > 0) take()
      assert.is(wheel.pop(), -1)
      assert.is(heap.pop(), -1)
    }),
    { numRuns: 50 },
  )
})

const plan: PopulationPlan = {
  users: 200,
  ratePerS: user => (user % 2 === 0 ? 0.5 : 1.5),
  layers: 3,
  width: 4,
  hopDelayS: 0.2,
  seed: 1,
  labels: 20,
}

test('a mix holds a Poisson number of packets, whatever rates users have', () => {
  const population = new Population(plan)
  population.run(10_000)
  const counts: number[] = []
  for (let i = 0; i < 1000; i++) {
    population.run(500)
    counts.push(...population.held)
  }
  const mean = counts.reduce((sum, each) => sum + each, 0) / counts.length
  const variance = counts.reduce((sum, each) => sum + (each - mean) ** 2, 0) / counts.length
  // 200 packets a second over four mixes, for 0.2 s
  assert.ok(Math.abs(mean - 10) < 0.3, `${mean}`)
  assert.ok(Math.abs(variance - 10) < 1, `${variance}`)
  const seconds = population.events / (200 * (1 + plan.layers))
  assert.ok(Math.abs(population.time / seconds - 1) < 0.02)
})

test('labels hide what the engine of layers says', () => {
  const byEvents = overRuns(8, run => {
    const population = new Population({ ...plan, seed: 10 + run })
    population.run(10_000)
    population.follow()
    population.run(10_000)
    const { followed } = population
    for (const { delivered } of followed) assert.ok(delivered > 1 - 1e-6)
    return [followed.reduce((sum, { bits }) => sum + bits, 0) / followed.length]
  })
  const byLayers = overRuns(8, run => [
    meanBits(
      measureNetwork(
        { ratePerS: 200, layers: 3, width: 4, hopDelayS: 0.2 },
        corruptInEach(3, 4, 0),
        new Dice(2, run),
        20,
      ),
    ),
  ])
  const by = 4 * Math.hypot(byEvents.se[0] as number, byLayers.se[0] as number)
  const difference = Math.abs((byEvents.value[0] as number) - (byLayers.value[0] as number))
  assert.ok(difference <= by, `${byEvents.value} and ${byLayers.value} differ by more than ${by}`)
})

test('one seed gives one result', () => {
  const figures = (seed: number): string => {
    const population = new Population({ ...plan, seed })
    population.follow()
    population.run(20_000)
    return JSON.stringify([population.followed, population.held, population.time])
  }
  assert.is(figures(3), figures(3))
  assert.is.not(figures(3), figures(4))
})

test.run()
