// docs/spec/payments-bitcoin.md 6.2, 6.3 and 6.5 without a node: what a transaction of one owner looks like and costs,
// what is refused of a node, and how a block is read.
// tier: slow

import { Transaction } from '@scure/btc-signer'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { concat, fromHex, hex } from '../encoding/bytes.ts'
import {
  bitcoinJoins,
  bitcoinOwner,
  kindOf,
  outpoint,
  ownerOfScript,
  scriptKinds,
  scriptOf,
  sequence,
} from '../payment/bitcoin/bitcoin.ts'
import { transactionsIn } from '../payment/bitcoin/block.ts'
import { fundLadder } from '../payment/bitcoin/funding.ts'
import { checkedLadder, type Ladder, movedTo, sizeOf } from '../payment/bitcoin/ladder.ts'
import { openBitcoinLedger } from '../payment/bitcoin/ledger.ts'
import { chains, checkedNode } from '../payment/bitcoin/node.ts'
import { type Rpc, RpcRefusal } from '../payment/bitcoin/rpc.ts'
import { finished, mostFee, signWith, spend } from '../payment/bitcoin/spend.ts'
import { PaymentError } from '../payment/error.ts'
import type { Note } from '../payment/ledger/transaction.ts'
import { systemClock, virtualClock } from '../world/clock.ts'
import { seededRandom } from '../world/random.ts'
import { usualLadder } from './bitcoin-rounds.ts'

const seed = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const coin = (
  amount: number,
  kind: (typeof scriptKinds)[number] = 'p2wpkh',
  byte = 1,
): { note: Note; secret: Uint8Array } => ({
  note: { id: outpoint('11'.repeat(32), byte), denomination: amount, owner: bitcoinOwner(seed(byte), kind) },
  secret: seed(byte),
})

function codeOf(run: () => unknown): string {
  try {
    run()
    return 'done'
  } catch (error) {
    return error instanceof PaymentError ? error.code : String(error)
  }
}

test('owners of every kind come back from their scripts, and are told apart', () => {
  for (const kind of scriptKinds) {
    const owner = bitcoinOwner(seed(1), kind)
    assert.is(kindOf(owner), kind)
    assert.equal(ownerOfScript(scriptOf(owner)), owner)
  }
  // BIP 86, first receiving key of its test vector, and BIP 49's
  const key86 = fromHex('41f41d69260df4cf277826a9b65a3717e4eeddbeedf637f212ca096576479361')
  assert.is(
    hex(bitcoinOwner(key86, 'p2tr')),
    'a60869f0dbcf1dc659c9cecbaf8050135ea9e8cdc487053f1dc6880949dc684c',
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), script => {
      const owner = ownerOfScript(script)
      if (owner !== null) assert.equal(scriptOf(owner), script)
    }),
  )
})

test('a join of P2TR outputs takes P2WPKH and P2TR notes, and nobody signs for another', () => {
  const ladder: Ladder = { ...usualLadder, outputs: 'p2tr' }
  const scheme = bitcoinJoins(seed(1), ladder)
  const kinds = ['p2wpkh', 'p2tr', 'p2tr'] as const
  const secrets = [1, 2, 3].map(seed)
  const notes = kinds.map((kind, i) => ({ ...coin(103_000, kind, i + 1).note }))
  const join = scheme.join(
    notes,
    [4, 5, 6].map(byte => scheme.outputOf(seed(byte))),
  )
  const secretOf = (note: Note): Uint8Array =>
    secrets[notes.findIndex(({ id }) => hex(id) === hex(note.id))] as Uint8Array
  const signatures = join.notes.map(note => scheme.sign(join, secretOf(note)))
  for (const [i, note] of join.notes.entries()) {
    assert.is(signatures[i]?.length, 64)
    assert.ok(scheme.isSigned(join, note, signatures[i] as Uint8Array))
    assert.not.ok(scheme.isSigned(join, note, signatures[(i + 1) % 3] as Uint8Array))
    assert.ok(scheme.isProof(note, seed(8), scheme.prove(seed(8), secretOf(note))))
    assert.not.ok(scheme.isProof(note, seed(8), scheme.prove(seed(8), seed(9))))
  }
  const signed = Transaction.fromRaw(scheme.complete(join, signatures))
  assert.is(signed.id, hex(Uint8Array.from(join.id).reverse()))
  for (let i = 0; i < 3; i++)
    assert.is(kindOf(ownerOfScript(signed.getOutput(i).script as Uint8Array) as Uint8Array), 'p2tr')
  assert.ok(scheme.isOutput(scheme.outputOf(seed(4))))
  assert.not.ok(scheme.isOutput(bitcoinOwner(seed(4), 'p2wpkh')))
  // Half of all numbers are the x of no point
  assert.not.ok([...Array(32).keys()].every(byte => scheme.isOutput(seed(byte + 1))))
  const nested = coin(103_000, 'p2sh-p2wpkh').note
  assert.not.ok(
    scheme.isProof(nested, seed(8), scheme.prove(seed(8), seed(1))),
    'it goes onto the ladder first',
  )
})

test('what a note is moved with is worth more a byte than any join, and in all more than joins of two could pay', () => {
  for (const ladder of [usualLadder, { ...usualLadder, outputs: 'p2tr' as const }]) {
    const fee = 103_000 - movedTo(103_000, ladder)
    for (let peers = 3; peers <= 64; peers++)
      assert.ok(
        fee / sizeOf(1, 1, ladder.outputs) > (peers * ladder.step) / sizeOf(peers, peers, ladder.outputs),
        `${peers} peers`,
      )
  }
  assert.is(
    codeOf(() => checkedLadder({ ...usualLadder, least: 1000 })),
    'BAD_AMOUNT',
  )
})

test('a transaction of one owner has version, lock time, sequences and order of a wallet of Bitcoin Core', () => {
  const firsts = new Map<string, number>()
  let back = 0
  for (let i = 0; i < 300; i++) {
    const { transaction } = spend({
      coins: [coin(50_000, 'p2wpkh', 1).note, coin(60_000, 'p2tr', 2).note],
      paid: [{ amount: 30_000, script: scriptOf(bitcoinOwner(seed(5))) }],
      change: bitcoinOwner(seed(6)),
      feeRate: 2,
      height: 800_000,
      random: seededRandom(i),
    })
    assert.is(transaction.version, 2)
    assert.ok(transaction.lockTime <= 800_000 && transaction.lockTime > 800_000 - 100)
    if (transaction.lockTime < 800_000) back++
    for (const place of [0, 1]) assert.is(transaction.getInput(place).sequence, sequence)
    const first = `${transaction.getInput(0).index} ${transaction.getOutput(0).amount}`
    firsts.set(first, (firsts.get(first) ?? 0) + 1)
  }
  assert.is(firsts.size, 4, 'inputs and outputs stand in any order')
  assert.ok(
    [...firsts.values()].every(count => count > 40),
    [...firsts.values()].join(),
  )
  assert.ok(back > 10 && back < 60, `${back} of 300 have an earlier lock time`)
  const far = spend({ coins: [coin(50_000).note], paid: [], change: bitcoinOwner(seed(6)), feeRate: 1 })
  assert.is(far.transaction.lockTime, 0, 'a node whose chain is not current')
})

test('coins of every kind are signed for, and the size that was reckoned is the size', () => {
  const coins = scriptKinds.map((kind, i) => coin(100_000, kind, i + 1))
  const { transaction, fee } = spend({
    coins: coins.map(({ note }) => note),
    paid: [{ amount: 30_000, script: scriptOf(bitcoinOwner(seed(5), 'p2tr')) }],
    change: bitcoinOwner(seed(6)),
    feeRate: 1,
  })
  for (const { secret } of coins) assert.is(signWith(transaction, secret), 1)
  const signed = Transaction.fromRaw(finished(transaction))
  assert.ok(signed.vsize <= fee && signed.vsize >= fee - 4, `${signed.vsize} and ${fee}`)
  const missing = spend({
    coins: [coins[0]?.note as Note],
    paid: [],
    change: bitcoinOwner(seed(6)),
    feeRate: 1,
  })
  assert.is(
    codeOf(() => finished(missing.transaction)),
    'BAD_SIGNATURE',
  )
})

test('fees have caps, change is none below dust, and half an output is none', () => {
  const fund = (amount: number, notes: number[], rate: number): string => {
    try {
      const made = fundLadder(
        [coin(amount)],
        notes.map((one, i) => ({ amount: one, secret: seed(5 + i) })),
        seed(9),
        rate,
      )
      const sum = [...made.notes, ...(made.change === null ? [] : [made.change])].reduce(
        (all, one) => all + one.denomination,
        0,
      )
      return `${made.change?.denomination ?? 'none'} ${amount - sum}`
    } catch (error) {
      return (error as PaymentError).code
    }
  }
  assert.is(fund(100_000 + 141 + 293, [100_000], 1), 'none 434')
  assert.is(fund(100_000 + 141 + 294, [100_000], 1), '294 141')
  assert.is(fund(100_000 + 110, [100_000], 1), 'none 110')
  assert.is(fund(100_000 + 109, [100_000], 1), 'BAD_AMOUNT')
  for (const [notes, rate] of [
    [[100], 1],
    [[0], 1],
    [[-5], 1],
    [[1000.5], 1],
    [[100_000], Number.NaN],
    [[100_000], 50_000],
    [[100_000], -1],
  ] as const)
    assert.is(fund(200_000, [...notes], rate), 'BAD_AMOUNT', `${notes} ${rate}`)
  assert.is(
    codeOf(() => fundLadder([], [{ amount: 1000, secret: seed(5) }], seed(9), 1)),
    'BAD_AMOUNT',
  )
  const many = Array.from({ length: 20 }, (_, i) => coin(1_000_000, 'p2wpkh', i + 1).note)
  const dear = (): unknown => spend({ coins: many, paid: [], change: bitcoinOwner(seed(6)), feeRate: 1000 })
  assert.is(codeOf(dear), 'BAD_AMOUNT', `no fee is beyond ${mostFee}`)
})

/** A node that says of itself what it is told to say. */
function node(over: Record<string, unknown>): Rpc {
  const usual: Record<string, unknown> = {
    getblockcount: 800_000,
    getblockhash: chains['main'],
    getblockchaininfo: {
      blocks: 800_000,
      headers: 800_000,
      pruned: false,
      initialblockdownload: false,
      time: 1000,
    },
    getindexinfo: { txindex: { synced: true, best_block_height: 800_000 } },
  }
  return async method => {
    const answer = method in over ? over[method] : usual[method]
    if (answer instanceof Error) throw answer
    return answer
  }
}

function refusal(code: number, message: string): PaymentError {
  return new PaymentError('NODE', `bitcoin node: ${message}`, { cause: new RpcRefusal(code, message) })
}

test('a node is refused with a reason when it cannot be relied upon', async () => {
  const said = async (over: Record<string, unknown>, chain = 'main'): Promise<string> =>
    await checkedNode(node(over), virtualClock(1_000_000), chain).then(
      ({ chain: found, isCurrent }) => `${found} ${isCurrent}`,
      (error: Error) => error.message,
    )
  const info = { blocks: 800_000, headers: 800_000, pruned: false, initialblockdownload: false, time: 1000 }
  assert.is(await said({}), 'main true')
  assert.is(await said({ getblockchaininfo: { ...info, time: -100_000 } }), 'main false')
  assert.match(await said({}, 'signet'), /follows main, and signet is meant/)
  assert.match(await said({ getblockhash: '00'.repeat(32) }), /a chain of its own/)
  assert.match(await said({ getblockchaininfo: { ...info, pruned: true } }), /pruned/)
  assert.match(
    await said({ getblockchaininfo: { ...info, initialblockdownload: true } }),
    /wait until it has all/,
  )
  assert.match(await said({ getblockchaininfo: { ...info, blocks: 9 } }), /9 of 800000 blocks/)
  assert.match(await said({ getindexinfo: {} }), /set txindex=1/)
  assert.match(
    await said({ getindexinfo: { txindex: { synced: false, best_block_height: 7 } } }),
    /7 blocks are in it/,
  )
  assert.is(await said({ getindexinfo: refusal(-32601, 'Method not found') }), 'main true')
  assert.match(await said({ getblockcount: refusal(-1, 'broken') }), /broken/)
})

test('a node that starts is waited for, and no longer than its time', async () => {
  for (const starts of [3, 1000]) {
    const clock = virtualClock(1_000_000)
    let asked = 0
    const rpc: Rpc = async (method, ...params) => {
      if (method === 'getblockcount' && asked++ < starts) throw refusal(-28, 'Loading block index…')
      return await node({})(method, ...params)
    }
    const told = checkedNode(rpc, clock).then(
      () => 'is up',
      (error: Error) => error.message,
    )
    for (let i = 0; i < 130; i++) await clock.advance(500)
    assert.match(await told, starts === 3 ? /is up/ : /Loading block index/)
  }
})

test('a transaction is refused only by a node that says so; every other error is asked again', async () => {
  const raw = ((): Uint8Array => {
    const { transaction } = spend({
      coins: [coin(50_000).note],
      paid: [],
      change: bitcoinOwner(seed(6)),
      feeRate: 1,
    })
    signWith(transaction, seed(1))
    return finished(transaction)
  })()
  const gone = refusal(
    -5,
    'No such mempool or blockchain transaction. Use gettransaction for wallet transactions.',
  )
  const said = async (error: Error): Promise<string> => {
    const rpc = node({
      sendrawtransaction: error,
      getrawtransaction: gone,
      gettxout: { confirmations: 3, value: 0.0005, scriptPubKey: { hex: hex(scriptOf(coin(1).note.owner)) } },
      gettxspendingprevout: [{}],
    })
    const ledger = await openBitcoinLedger(rpc, usualLadder, systemClock)
    return await ledger.submit(raw).then(
      () => 'taken',
      (refused: PaymentError) => refused.code,
    )
  }
  assert.is(await said(refusal(-26, 'mandatory-script-verify-flag-failed')), 'BAD_TRANSACTION')
  assert.is(await said(refusal(-26, 'insufficient fee, rejecting replacement')), 'DOUBLE_SPEND')
  assert.is(await said(refusal(-25, 'bad-txns-inputs-missingorspent')), 'BAD_TRANSACTION')
  assert.is(await said(refusal(-28, 'Loading block index…')), 'NODE')
  assert.is(await said(new PaymentError('NODE', 'bitcoin node: it is busy now')), 'NODE')
})

test('a transaction of a block that has gone is not there, and one that waits again is', async () => {
  const at = async (found: object): Promise<unknown> => {
    const ledger = await openBitcoinLedger(
      node({ getrawtransaction: { vin: [], vout: [], ...found }, getblockheader: { height: 7 } }),
      usualLadder,
      systemClock,
    )
    return (await ledger.positionOf(seed(3)))?.depth ?? null
  }
  assert.is(await at({ blockhash: '00'.repeat(32), confirmations: 2 }), 2)
  assert.is(await at({ blockhash: '00'.repeat(32), confirmations: 0 }), null)
  assert.is(await at({ blockhash: '00'.repeat(32), confirmations: -1 }), null)
  assert.is(await at({}), 0)
})

test('blocks are read as they lie in the chain, and what is none is refused', () => {
  const { transaction } = spend({
    coins: [coin(50_000).note, coin(60_000, 'p2tr', 2).note],
    paid: [{ amount: 30_000, script: scriptOf(bitcoinOwner(seed(5))) }],
    change: bitcoinOwner(seed(6)),
    feeRate: 1,
  })
  for (const byte of [1, 2]) signWith(transaction, seed(byte))
  const raw = finished(transaction)
  const block = concat([new Uint8Array(80), Uint8Array.from([2]), raw, raw])
  const [first, second] = [...transactionsIn(block)]
  assert.equal(first, second)
  assert.is(hex(Uint8Array.from(first?.id as Uint8Array).reverse()), transaction.id)
  assert.equal(first?.spends.map(hex), [hex(coin(1).note.id), hex(coin(1, 'p2tr', 2).note.id)])
  assert.is(first?.outputs[0]?.amount, 30_000)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), bytes => {
      const said = codeOf(() => [...transactionsIn(bytes)])
      assert.ok(said === 'NODE' || said === 'done', said)
    }),
  )
  fc.assert(
    fc.property(fc.nat(block.length - 1), fc.integer({ min: 0, max: 255 }), (at, value) => {
      const said = codeOf(() => [...transactionsIn(block.with(at, value))])
      assert.ok(said === 'NODE' || said === 'done', said)
    }),
  )
})

test.run()
