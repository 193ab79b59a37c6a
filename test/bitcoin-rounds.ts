// Rounds on a Bitcoin node, in this process. Not a test itself.

import { bitcoinJoins } from '../payment/bitcoin/bitcoin.ts'
import { fundLadder } from '../payment/bitcoin/funding.ts'
import { fresh, type Ladder } from '../payment/bitcoin/ladder.ts'
import type { BitcoinLedger } from '../payment/bitcoin/ledger.ts'
import type { Note } from '../payment/ledger/transaction.ts'
import { pairingId, readMessage } from '../payment/rounds/message.ts'
import type { Settlement } from '../payment/rounds/settle.ts'
import { RoundShell } from '../payment/rounds/shell.ts'
import type { Regtest } from '../scripts/network/bitcoin-regtest.ts'
import { systemClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore } from '../world/store.ts'

export const usualLadder: Ladder = { step: 1000, rungs: 3, least: 100_000, confirmations: 1 }

/** Notes on the ladder for these secrets, in a block. */
export async function funded(
  node: Regtest,
  ledger: BitcoinLedger,
  of: readonly Uint8Array[],
  ladder: Ladder = usualLadder,
): Promise<Note[]> {
  const coin = await node.coin(new Uint8Array(32).fill(77))
  const wants = of.map(secret => ({ amount: fresh(100_000, ladder), secret }))
  const { transaction, notes } = fundLadder(
    [coin],
    wants,
    new Uint8Array(32).fill(78),
    await ledger.feeRate(),
    ladder.outputs === undefined ? {} : { outputs: ladder.outputs },
  )
  await ledger.submit(transaction)
  await node.mine(1)
  return [...notes]
}

/** One round of shells in this process, on the system's clock. */
export async function round(
  ledger: BitcoinLedger,
  notes: readonly Note[],
  of: readonly Uint8Array[],
  ladder: Ladder = usualLadder,
): Promise<Settlement[]> {
  const now = systemClock.now()
  const shells: RoundShell[] = []
  const settled = notes.map(async (note, i) => {
    const random = seededRandom(200 + i)
    return await new Promise<Settlement>(resolve => {
      const shell = new RoundShell({
        config: {
          scheme: bitcoinJoins(ledger.id, ladder),
          random,
          read: readMessage,
          newOutput: () => random(32),
          isCooling: () => false,
          least: 3,
          phaseMs: 20_000,
          voteMs: 10_000,
        },
        clock: systemClock,
        store: memoryStore(),
        ledger,
        log: silent,
        publish(message) {
          for (const other of shells) if (other !== shell) other.receive(message)
        },
        report: report => {
          if (report.type === 'settled') resolve(report.settlement)
        },
      })
      shells.push(shell)
      const pairing = pairingId(ledger.id, note.denomination, 1)
      shell.start({
        note,
        noteSecret: of[i] as Uint8Array,
        pairing,
        ask: now,
        until: now + 1500,
        expiry: now + 60_000,
      })
    })
  })
  try {
    return await Promise.all(settled)
  } finally {
    for (const shell of shells) shell.close()
  }
}
