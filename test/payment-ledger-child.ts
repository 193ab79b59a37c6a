// A ledger on disk that mints until it is killed, and says each receipt (payment-ledger.test.ts).

import { hex } from '../encoding/bytes.ts'
import { openLedger } from '../payment/ledger/embedded.ts'
import { ownerOf, signMint } from '../payment/ledger/transaction.ts'
import { openStore } from '../world/store.ts'

const seed = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const genesis = { name: 'test', ledgerKey: ownerOf(seed(1)), mintKey: ownerOf(seed(2)) }
const store = await openStore(process.argv[2] as string)
const ledger = await openLedger({ store, genesis, ledgerSeed: seed(1), now: () => 1000 })
for (let i = 0; ; i++) {
  const nonce = new Uint8Array(32)
  new DataView(nonce.buffer).setUint32(0, i)
  const { index, transaction } = await ledger.submit(
    signMint(ledger.id, nonce, [{ denomination: 1, owner: seed(5) }], seed(2)),
  )
  process.stdout.write(`${index} ${hex(transaction)}\n`)
}
