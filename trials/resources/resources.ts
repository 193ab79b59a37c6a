// npm run trial -- resources [--json]: fills each bound of a host and of a gateway from 1, 4, 16 and 64 networks, and
// says what share of honest work still passes; then the same with nobody giving way, as the control
// (docs/spec/resources.md 3).

import { Shares } from '../../link/shares.ts'
import { Room } from '../../node/gateway/room.ts'
import { startCast } from './attackers.ts'
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
  Shares.prototype.victimFor = () => undefined
  Room.prototype.above = () => undefined
  Room.prototype.place = function (this: Room, ...wanted) {
    return place.apply(this, wanted) === undefined ? undefined : 'none'
  }
  try {
    return await run()
  } finally {
    Shares.prototype.victimFor = victimFor
    Object.assign(Room.prototype, { above, place })
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

const cast = await startCast(Math.max(...networks), 3)
const rows: Row[] = []
for (const row of hostRows) rows.push(await rowOf(row.name, count => playHost(row, cast, count)))
for (const row of mailRows) rows.push(await rowOf(row.name, count => playMail(row, count)))
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
