// chaffinch anonymity: how well a message sent now is hidden, as the running client computes it.

import type { RemoteStatus } from '../../client/remote/index.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { runningClient } from '../../roles/files/index.ts'
import { systemClock } from '../../world/clock.ts'
import { second } from '../../world/units.ts'
import { sleep } from '../../world/wait.ts'
import { columns } from '../columns.ts'
import { type Priced, price } from './cover-price.ts'

export interface AnonymityOptions {
  readonly config?: string
  readonly json?: true
}

type Report = NonNullable<RemoteStatus['anonymity']>
type Figure = Report['minBits']
type Row = readonly [what: string, says: string]

/** A client that has just started computes it within some seconds of its first consensus. */
const patience = { tries: 10, everyMs: second } as const

export async function run(values: AnonymityOptions): Promise<undefined> {
  const client = runningClient(values.config)
  let status = await client.status()
  for (let tries = 1; status.anonymity === null && tries < patience.tries; tries++) {
    await sleep(systemClock, patience.everyMs)
    status = await client.status()
  }
  const { anonymity: report, cover } = status
  if (report === null)
    throw new CommandError(
      'FAILED',
      'anonymity: nothing is computed yet',
      'there is no consensus: chaffinch doctor says why',
    )
  const costs = cover.costs.find(({ level }) => level === cover.level)
  const priced = costs === undefined ? undefined : price([costs])[0]
  if (values.json === true)
    console.log(JSON.stringify({ ...report, cover: priced ?? { level: cover.level } }))
  else for (const line of columns(['', ''], rowsOf(report, priced)).slice(1)) console.log(line)
}

/** The report in lines. */
function rowsOf(report: Report, cover: Priced | undefined): Row[] {
  const { users, packetsPerS, bits, lowBits, minBits, senderBits, oneCorrupt, model, sources } = report
  const counted = ({ from, nodes, of }: Report['users']): string =>
    from === 'counts' ? `counted with noise by ${nodes} of ${of}` : 'bounds: no counts are published'
  return [
    ['users', `${shown(users, 0)}, ${counted(users)}`],
    ['packets', `${shown(packetsPerS, 0)} a second through each layer, ${counted(packetsPerS)}`],
    ['entropy', `${shown(bits, 2)} bits over packets, ${shown(senderBits, 2)} over senders`],
    ['one of twenty', `${shown(lowBits, 2)} bits or less`],
    ['min-entropy', `${shown(minBits, 2)} bits`],
    ['n-1', isolating(report.nMinusOne, model.mixing)],
    [
      'one mix a layer',
      `the observer's: ${oneCorrupt.bits.toFixed(2)} bits, one of twenty ${oneCorrupt.lowBits.toFixed(2)}, ${percent(oneCorrupt.known)} known`,
    ],
    ['cover', cover === undefined ? 'not known before the first consensus' : costOf(cover)],
    ...sources.measured.map((what): Row => ['measured', what]),
    ...sources.noised.map((what): Row => ['noised', what]),
    ...sources.assumed.map((what): Row => ['assumed', what]),
  ]
}

/** A figure with its bounds, or its bounds alone. */
function shown({ value, low, high }: Figure, digits: number): string {
  const to = high === null ? 'and more' : `to ${high.toFixed(digits)}`
  return value === null
    ? `${low.toFixed(digits)} ${to}`
    : `${value.toFixed(digits)} (${low.toFixed(digits)} ${to})`
}

function isolating(cost: Report['nMinusOne'], mixing: string): string {
  if (cost === null) return `no formula for mixing by ${mixing}`
  const { messages, seconds, seconds95, unseen } = cost
  return `${messages} messages and ${seconds.toFixed(2)} s (95 of 100: ${seconds95.toFixed(2)} s); no alarm in ${percent(unseen)}`
}

function costOf({ level, upBytesPerDay, downBytesPerDay, cpuPercent }: Priced): string {
  const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20).toLocaleString('en')} MiB`
  return `${level}: ${mebibytes(upBytesPerDay)} up and ${mebibytes(downBytesPerDay)} down a day, ${cpuPercent} % of a core`
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
