// docs/spec/payments-bitcoin.md 6.3 and 6.5, on Bitcoin Core: what it answers when it is busy, starts, goes back or
// replaces, and what is refused of a node.
// tier: slow

import { Transaction } from '@scure/btc-signer'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fromHex, hex } from '../encoding/bytes.ts'
import { bitcoinJoins, bitcoinOwner, psbtOf, scriptKinds } from '../payment/bitcoin/bitcoin.ts'
import { fundLadder } from '../payment/bitcoin/funding.ts'
import { fresh, type Ladder, movedTo } from '../payment/bitcoin/ladder.ts'
import { openBitcoinLedger } from '../payment/bitcoin/ledger.ts'
import { checkedNode } from '../payment/bitcoin/node.ts'
import { bitcoinRpc, field } from '../payment/bitcoin/rpc.ts'
import { signWith, spend } from '../payment/bitcoin/spend.ts'
import type { Note } from '../payment/ledger/transaction.ts'
import { isCore, type Regtest, startRegtest } from '../scripts/network/bitcoin-regtest.ts'
import { stayAlive, systemClock } from '../world/clock.ts'
import { seededRandom } from '../world/random.ts'
import { funded, round, usualLadder } from './bitcoin-rounds.ts'

const seed = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const secrets = [1, 2, 3].map(seed)

/** Runs a test on a node of its own, where there is Bitcoin Core. */
function onCore(name: string, run: (node: Regtest) => Promise<void>, ...options: string[]): void {
  test(name, async () => {
    if (!isCore())
      return console.log('skipped: no Bitcoin Core: BITCOIND=path of a bitcoind (scripts/tools/bitcoind.ts)')
    const node = await startRegtest(...options)
    const awake = stayAlive()
    try {
      await run(node)
    } finally {
      awake()
      await node.stop()
    }
  })
}

async function said(asked: Promise<unknown>): Promise<string> {
  return await asked.then(
    () => 'taken',
    (error: Error & { code?: string }) => `${error.code}: ${error.message}`,
  )
}

onCore('a node of its own is believed when it says what it is, also while it starts', async node => {
  await node.mine(1)
  const facts = await checkedNode(node.rpc, systemClock, 'regtest')
  assert.equal(facts, { chain: 'regtest', height: 1, isCurrent: true })
  assert.match(
    await said(checkedNode(node.rpc, systemClock, 'main')),
    /NODE.*follows regtest, and main is meant/,
  )
  const others = bitcoinRpc({ url: node.access.url.replace('//', '//x:wrong@') })
  assert.match(await said(checkedNode(others, systemClock)), /another user or password/)
  // Its cookie is another one after every start
  const again = node.restart()
  await again
  assert.is((await checkedNode(node.rpc, systemClock)).height, 1)
})

onCore(
  'a node without an index of transactions is refused, with what to do',
  async node => {
    await node.mine(1)
    assert.match(await said(checkedNode(node.rpc, systemClock)), /no index of transactions: set txindex=1/)
  },
  '-txindex=0',
)

onCore(
  'a pruned node is refused, with what to do',
  async node => {
    assert.match(await said(checkedNode(node.rpc, systemClock)), /pruned.*run it without prune/)
  },
  '-prune=550',
)

onCore(
  'a node that is too busy to answer never says that there is no such transaction',
  async node => {
    const { note } = await node.coin(seed(7))
    const ledger = await openBitcoinLedger(node.rpc, usualLadder, systemClock)
    const asked = Array.from({ length: 120 }, () =>
      ledger.positionOf(note.id.subarray(0, 32)).then(
        position => (position === null ? 'not there' : 'there'),
        (error: { code: string }) => error.code,
      ),
    )
    const answers = new Set(await Promise.all(asked))
    answers.delete('there')
    answers.delete('NODE')
    assert.equal([...answers], [])
  },
  '-rpcworkqueue=1',
  '-rpcthreads=1',
)

onCore('coins of every kind go onto a ladder of either kind, and join there', async node => {
  for (const outputs of ['p2wpkh', 'p2tr'] as const) {
    const ladder: Ladder = { ...usualLadder, outputs }
    const ledger = await openBitcoinLedger(node.rpc, ladder, systemClock)
    const coins = []
    for (const kind of scriptKinds) coins.push(await node.coin(seed(70 + coins.length), kind))
    const wants = secrets.map(secret => ({ amount: fresh(100_000, ladder), secret }))
    const height = Number(await node.rpc('getblockcount'))
    const made = fundLadder(coins, wants, seed(80), 2, { outputs, height, random: seededRandom(3) })
    await ledger.submit(made.transaction)
    await node.mine(1)
    const mining = setInterval(() => void node.mine(1).catch(() => {}), 3000)
    const settled = await round(ledger, made.notes, secrets, ladder).finally(() => clearInterval(mining))
    assert.equal(
      settled.map(({ is }) => is),
      ['paid', 'paid', 'paid'],
    )
    const spentBy = (await ledger.spenderOf((made.notes[0] as Note).id)) as Uint8Array
    const join = await node.rpc('getrawtransaction', hex(Uint8Array.from(spentBy).reverse()), true)
    assert.equal([field(join, 'version'), field(join, 'locktime')], [2, 0])
    for (const input of field(join, 'vin') as { sequence: number }[]) assert.is(input.sequence, 0xfffffffd)
    const types = (field(join, 'vout') as { scriptPubKey: { type: string } }[]).map(
      out => out.scriptPubKey.type,
    )
    assert.equal(new Set(types), new Set([outputs === 'p2tr' ? 'witness_v1_taproot' : 'witness_v0_keyhash']))
  }
})

onCore(
  'a join that was withheld never takes the place of what its victims moved their notes with',
  async node => {
    const ledger = await openBitcoinLedger(node.rpc, usualLadder, systemClock)
    const notes = await funded(node, ledger, secrets)
    const scheme = bitcoinJoins(ledger.id, usualLadder)
    const join = scheme.join(
      notes,
      [4, 5, 6].map(byte => scheme.outputOf(seed(byte))),
    )
    const secretOf = (note: Note): Uint8Array =>
      secrets.find(secret => hex(bitcoinOwner(secret)) === hex(note.owner)) as Uint8Array
    const withheld = scheme.complete(
      join,
      join.notes.map(note => scheme.sign(join, secretOf(note))),
    )
    const [victim] = notes as [Note]
    const move = scheme.move(victim, secretOf(victim), scheme.outputOf(seed(9)))
    await ledger.submit(move)
    assert.match(await said(ledger.submit(withheld)), /DOUBLE_SPEND/)
    await node.mine(1)
    const moved = await ledger.positionOf(fromHex(Transaction.fromRaw(move).id).reverse())
    assert.is(moved?.depth, 1)
    assert.is(moved?.makes?.[0]?.denomination, movedTo(victim.denomination, usualLadder))
    // And the other way: a join that waits is replaced by a move, which pays more for a byte but less in all: it is not
    const rest = await funded(node, ledger, secrets)
    const second = scheme.join(
      rest,
      [14, 15, 16].map(byte => scheme.outputOf(seed(byte))),
    )
    await ledger.submit(
      scheme.complete(
        second,
        second.notes.map(note => scheme.sign(second, secretOf(note))),
      ),
    )
    const late = scheme.move(rest[0] as Note, secretOf(rest[0] as Note), scheme.outputOf(seed(19)))
    assert.match(await said(ledger.submit(late)), /DOUBLE_SPEND/)
  },
)

onCore('blocks that go back two deep take a transaction with them, and its notes come back', async node => {
  const ledger = await openBitcoinLedger(node.rpc, { ...usualLadder, confirmations: 6 }, systemClock)
  assert.is(ledger.confirmations, 6)
  const [note] = (await funded(node, ledger, secrets)) as [Note]
  const scheme = bitcoinJoins(ledger.id, usualLadder)
  const { transaction } = await ledger.submit(scheme.move(note, seed(1), scheme.outputOf(seed(9))))
  const [first] = await node.mine(2)
  assert.is((await ledger.positionOf(transaction))?.depth, 2)
  await node.rpc('invalidateblock', first as string)
  assert.is((await ledger.positionOf(transaction))?.depth, 0, 'it waits again')
  // Another one takes its place in the chain that wins
  const { transaction: other } = spend({
    coins: [note],
    paid: [],
    change: bitcoinOwner(seed(20)),
    feeRate: 100,
  })
  signWith(other, seed(1))
  other.finalize()
  await ledger.submit(fromHex(other.hex))
  await node.mine(3)
  assert.is(await ledger.positionOf(transaction), null)
  assert.equal(
    (await ledger.note(note.id))?.spentBy && hex((await ledger.spenderOf(note.id)) as Uint8Array),
    hex(fromHex(other.id).reverse()),
  )
})

onCore('the PSBT of a join is read, and ended, by Bitcoin Core', async node => {
  const ledger = await openBitcoinLedger(node.rpc, usualLadder, systemClock)
  const notes = await funded(node, ledger, secrets)
  const scheme = bitcoinJoins(ledger.id, usualLadder)
  const join = scheme.join(
    notes,
    [4, 5, 6].map(byte => scheme.outputOf(seed(byte))),
  )
  const raw = await node.rpc(
    'getrawtransaction',
    hex(Uint8Array.from((notes[0] as Note).id.subarray(0, 32)).reverse()),
  )
  const psbt = Transaction.fromPSBT(psbtOf(join, usualLadder, [fromHex(raw as string)]))
  for (const secret of secrets) signWith(psbt, secret)
  const text = Buffer.from(psbt.toPSBT()).toString('base64')
  const inputs = field(await node.rpc('decodepsbt', text), 'inputs') as object[]
  assert.ok(
    inputs.every(
      input => 'non_witness_utxo' in input && 'witness_utxo' in input && 'partial_signatures' in input,
    ),
  )
  const ended = await node.rpc('finalizepsbt', text)
  assert.is(field(ended, 'complete'), true)
  const { transaction } = await ledger.submit(fromHex(field(ended, 'hex') as string))
  assert.equal(transaction, join.id)
})

test.run()
