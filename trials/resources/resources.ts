// npm run trial -- resources [--json]: fills each bound of a host and of a gateway from 1, 4, 16 and 64 networks, and
// says what share of honest work still passes; then the same with nobody giving way, as the control
// (docs/spec/resources.md 3).

import { Shares } from '../../link/shares.ts'
import { Auction } from '../../node/bulletin/auction.ts'
import { Room } from '../../node/gateway/room.ts'
import { startCast } from './attackers.ts'
import { playBulletin } from './bulletin.ts'
import { hostRows, playHost } from './hosts.ts'
import { mailRows, playMail } from './mail.ts'

const networks = [1, 4, 16, 64] as const
/** The share of honest work that has to pass. */
const least: Readonly<Record<number, number>> = { 4: 0.9, 16: 0.5 }
const controlAtMost = 0.5

interface Row {
  readonly name: string
  readonly honest: Record<number, number>
  readonly control: Record<number, number>
}

/** Runs with nobody giving way. */
async function withoutShares<T>(run: () => Promise<T>): Promise<T> {
  const { victimFor } = Shares.prototype
  const { above, place } = Room.prototype
  const { price } = Auction.prototype
  Shares.prototype.victimFor = () => undefined
  Room.prototype.above = () => undefined
  Auction.prototype.price = () => 0
  Room.prototype.place = function (this: Room, ...wanted) {
    return place.apply(this, wanted) === undefined ? undefined : 'none'
  }
  try {
    return await run()
  } finally {
    Shares.prototype.victimFor = victimFor
    Object.assign(Room.prototype, { above, place })
    Auction.prototype.price = price
  }
}

async function rowOf(name: string, play: (networks: number) => Promise<number>): Promise<Row> {
  const row: Row = { name, honest: {}, control: {} }
  for (const count of networks) {
    row.honest[count] = await play(count)
    row.control[count] = await withoutShares(() => play(count))
  }
  return row
}

/** Names what a row does not hold. */
function faultsOf({ name, honest, control }: Row): string[] {
  const faults = Object.entries(least)
    .filter(([count, share]) => (honest[Number(count)] ?? 0) < share)
    .map(([count, share]) => `${name}: ${honest[Number(count)]} with ${count} networks, wanted ${share}`)
  if (![4, 16].some(count => (control[count] ?? 1) < controlAtMost))
    faults.push(`${name}: its control passes too: it shows nothing`)
  return faults
}

/** Rows whose names have one of these in them; without any, all. */
const wanted = process.argv.slice(2).filter(word => !word.startsWith('--'))
const isWanted = ({ name }: { readonly name: string }): boolean =>
  wanted.length === 0 || wanted.some(word => name.includes(word))

const rows: Row[] = []
const ofHosts = hostRows.filter(isWanted)
const cast = await startCast(ofHosts.length === 0 ? 0 : Math.max(...networks), ofHosts.length === 0 ? 0 : 3)
for (const row of ofHosts) rows.push(await rowOf(row.name, count => playHost(row, cast, count)))
for (const row of mailRows.filter(isWanted)) rows.push(await rowOf(row.name, count => playMail(row, count)))
const bulletinRow = { name: 'room on the bulletin, against who publishes little' }
if (isWanted(bulletinRow)) rows.push(await rowOf(bulletinRow.name, playBulletin))
await cast.close()

const faults = rows.flatMap(faultsOf)
if (process.argv.includes('--json')) console.log(JSON.stringify({ rows, faults }))
else {
  const cells = (shares: Record<number, number>): string =>
    networks.map(count => (shares[count] ?? 0).toFixed(2).padStart(5)).join('')
  console.log(`honest work that passes, with attackers of ${networks.join(', ')} networks | control`)
  for (const { name, honest, control } of rows)
    console.log(`${name.padEnd(58)}${cells(honest)} |${cells(control)}`)
  for (const fault of faults) console.error(`resources: ${fault}`)
}
process.exitCode = faults.length > 0 ? 1 : 0
