// The statistics that nodes uploaded to an authority, and what it says about nodes because of them
// (docs/spec/directory-nodes.md 5.7, docs/spec/directory-tally.md 7.5). They are in memory only: an authority that was
// started again votes what was known before, until the next ones come.

import { hex, same } from '../../encoding/bytes.ts'
import type { ConsensusBody } from '../documents/consensus.ts'
import { groupsOf } from '../documents/groups.ts'
import type { Network } from '../documents/network.ts'
import { halfAt, type Statistics, verifyStatistics } from '../documents/statistics.ts'
import type { Parameters, View } from '../documents/view.ts'
import type { Flags } from '../documents/vote.ts'
import { DirectoryError } from '../error.ts'
import { judge, type Measured, measure, pool, type Report, weightsOf } from '../rounds/reliability.ts'

export interface StatisticsInit {
  readonly network: Network
  /** A verified body by the hex of its name. */
  readonly body: (name: string) => ConsensusBody | undefined
  /** The numbers of the newest document. */
  readonly parameters: () => Parameters
  /** The newest document older than this epoch's. */
  readonly before: (epoch: number) => View | undefined
}

/** Statistics of so many halves before this one are kept and taken: those of the last epoch. */
const halvesKept = 3

/** What one reporter counted, and the groups that it is weighed by. */
interface Reported {
  readonly report: Report
  readonly groups: readonly string[]
}

export class StatisticsBook {
  readonly #init: StatisticsInit
  /** By half, then by the hex of the reporter. */
  readonly #reports = new Map<number, Map<string, Reported>>()
  /** Follows from them; made anew when one comes. */
  readonly #measured = new Map<string, ReadonlyMap<string, Measured>>()

  constructor(init: StatisticsInit) {
    this.#init = init
  }

  /** Reporters of a half. */
  reporters(half: number): number {
    return this.#reports.get(half)?.size ?? 0
  }

  /**
   * One report a node and half; the same again changes nothing.
   *
   * @throws DirectoryError OLD_EPOCH, WRONG_STATE (the half is not over), UNAVAILABLE (the document is not here),
   * NOT_ADMITTED (its reporter is not in that document), BAD_DOCUMENT, BAD_SIGNATURE, CONFLICT
   */
  take(statistics: Statistics, now: number): void {
    const { network, body: bodyOf } = this.#init
    const { half, document, reporter } = statistics
    const current = halfAt(network, now)
    if (half >= current) throw new DirectoryError('WRONG_STATE', `statistics: half ${half} is not over`)
    if (half < current - halvesKept) throw new DirectoryError('OLD_EPOCH', `statistics: half ${half}`)
    const body = bodyOf(hex(document))
    if (body === undefined) throw new DirectoryError('UNAVAILABLE', 'statistics: document: not here')
    const self = body.nodes.find(({ descriptor }) => same(descriptor.stable.id, reporter))
    if (self === undefined) throw new DirectoryError('NOT_ADMITTED', 'statistics: reporter: no node of it')
    verifyStatistics(network.name, statistics)
    const { stable } = self.descriptor
    const report = reportOf(body, statistics, stable.family)
    const groups = groupsOf(stable, this.#init.parameters())
    const of = this.#reports.get(half) ?? new Map<string, Reported>()
    const have = of.get(hex(reporter))
    if (have !== undefined) {
      if (sameReport(have.report, report)) return
      throw new DirectoryError('CONFLICT', `statistics of ${hex(reporter)}: others of half ${half} are here`)
    }
    this.#reports.set(half, of.set(hex(reporter), { report, groups }))
    this.#measured.clear()
    for (const old of this.#reports.keys()) if (old < current - halvesKept) this.#reports.delete(old)
  }

  /** Computes the flags of a node for the round of an epoch, from what was measured in the epoch before. */
  flags(round: number, id: Uint8Array): Flags {
    const [first, second] = [2 * round - 2, 2 * round - 1]
    const name = hex(id)
    const before = this.#init.before(round + 1)?.nodes.get(name)
    const newest = this.#measure([second]).get(name)
    const whole = this.#measure([first, second]).get(name)
    return judge({ newest, whole }, before, this.#init.parameters())
  }

  /** Says whether a node is known to be dead from one half epoch alone. */
  isDead(half: number, id: string): boolean {
    const measured = this.#measure([half]).get(id)
    return measured !== undefined && 100 * measured.share < this.#init.parameters().runningPercent
  }

  /** Measures these halves together. */
  #measure(halves: readonly number[]): ReadonlyMap<string, Measured> {
    const key = halves.join()
    const have = this.#measured.get(key)
    if (have !== undefined) return have
    const together = new Map<string, Reported>()
    for (const half of halves) {
      for (const [reporter, { report, groups }] of this.#reports.get(half) ?? []) {
        const earlier = together.get(reporter)?.report
        together.set(reporter, { report: earlier === undefined ? report : pool(earlier, report), groups })
      }
    }
    const reported = [...together.values()]
    const weights = weightsOf(reported.map(({ groups }) => groups))
    const reports = reported.map(({ report }) => report)
    const measured = measure(reports, this.#init.parameters(), weights)
    this.#measured.set(key, measured)
    return measured
  }
}

/** Nobody reports about itself or its own family. */
function reportOf(body: ConsensusBody, { rows, reporter }: Statistics, family: string): Report {
  const report = new Map<string, { sent: number; returned: number }>()
  for (const { index, sent, returned } of rows) {
    const stable = body.nodes[index]?.descriptor.stable
    if (stable === undefined) {
      throw new DirectoryError('BAD_DOCUMENT', `statistics: index ${index} of ${body.nodes.length} nodes`)
    }
    const own = same(stable.id, reporter) || (family !== '' && stable.family === family)
    if (!own) report.set(hex(stable.id), { sent, returned })
  }
  return report
}

function sameReport(a: Report, b: Report): boolean {
  return (
    a.size === b.size &&
    [...a].every(([id, { sent, returned }]) => {
      const other = b.get(id)
      return other?.sent === sent && other.returned === returned
    })
  )
}
