// What a seed of the chaos harness stands for: how many peers, and which of them do what wrong.

import { below, fraction, pick, type Random, seededRandom, shuffle } from '../../world/random.ts'
import type { Crash, Fault, Plan, Plant } from './cast.ts'
import { faults } from './faults.ts'

/** They take turns as a seed's subject, beside which it draws others; every time in another variant. */
const subjects = [...Object.keys(faults), 'crash'] as const

type Maker = (variant: number) => Fault[]

/** Before or after which message a peer crashes: most often around its signature, where a crash can cost it most. */
const crashes: readonly Crash['kind'][] = ['CM', 'KE', 'SR', 'DC', 'OK', 'CM', 'TO', 'RS', 'PR']

/** At most fewer than half do wrong or crash, so that the others can go on. */
export function planOf(seed: number, plant: Plant): Plan {
  const random = seededRandom(seed)
  const subject = subjects[seed % subjects.length] as string
  const variant = Math.floor(seed / subjects.length)
  const isCrash = subject === 'crash'
  const first = isCrash ? [] : (faults[subject] as Maker)(variant)
  const peers = Math.max(3 + below(random, 18), 2 * first.length + 1)
  const most = Math.floor((peers - 1) / 2)
  const places = shuffle(random, [...Array(peers).keys()])
  const more = below(random, most + 1 - Math.max(1, first.length))
  const faulty = [...first, ...chooseFaults(random, more)]
  const free = most - faulty.length
  const crashing = isCrash ? 1 + below(random, free) : fraction(random) < 0.3 ? below(random, free + 1) : 0
  return {
    seed,
    peers,
    faults: new Map(faulty.map((fault, i) => [places[i] as number, fault])),
    crashes: new Map(
      places
        .slice(faulty.length, faulty.length + crashing)
        .map((place, i) => [place, chooseCrash(random, isCrash && i === 0 ? variant : below(random, 1000))]),
    ),
    lossRate: pick(random, [0, 0, 0.005, 0.02]),
    plant,
  }
}

function chooseCrash(random: Random, variant: number): Crash {
  const kind = crashes[variant % crashes.length] as Crash['kind']
  return { kind, afterMs: below(random, 3) === 0 ? null : below(random, 6000) }
}

function chooseFaults(random: Random, count: number): Fault[] {
  const chosen: Fault[] = []
  while (chosen.length < count)
    chosen.push(...(faults[pick(random, Object.keys(faults))] as Maker)(below(random, 1000)))
  return chosen.slice(0, count)
}
