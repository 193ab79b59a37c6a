// docs/spec/payments-bitcoin.md 6.6: coins of the words, found by descriptors; coin control, labels, PSBT, higher fees.
// tier: slow

import { HDKey } from '@scure/bip32'
import { Transaction } from '@scure/btc-signer'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { concat, fromHex, hex } from '../encoding/bytes.ts'
import {
  bitcoinOwner,
  ownerOfKey,
  readOutpoint,
  type ScriptKind,
  scriptKinds,
  scriptOf,
} from '../payment/bitcoin/bitcoin.ts'
import { BitcoinKeys, placeIn, withChecksum } from '../payment/bitcoin/keys.ts'
import { readLabels, writeLabels } from '../payment/bitcoin/labels.ts'
import { fresh } from '../payment/bitcoin/ladder.ts'
import { openBitcoinLedger } from '../payment/bitcoin/ledger.ts'
import { checkedNode } from '../payment/bitcoin/node.ts'
import { BitcoinPayments } from '../payment/bitcoin/payments.ts'
import { field, type Rpc } from '../payment/bitcoin/rpc.ts'
import { finished, signWith, spend } from '../payment/bitcoin/spend.ts'
import { BitcoinWallet, nameOf, type OwnCoin } from '../payment/bitcoin/wallet.ts'
import { PaymentError } from '../payment/error.ts'
import { isCore, startRegtest } from '../scripts/network/bitcoin-regtest.ts'
import { stayAlive, systemClock } from '../world/clock.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore, type Store } from '../world/store.ts'
import { FakeNode } from './bitcoin-fake.ts'
import { usualLadder } from './bitcoin-rounds.ts'

const seed = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
/** Comes from the words `abandon … about`, which BIP 49, 84 and 86 have vectors of. */
const vector = fromHex(
  '5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc19a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4',
)
const words = concat([seed(1), seed(2)])

type Signer = Parameters<Transaction['sign']>[0]

/** A signer that has the words, and nothing of this program. */
function stranger(): Signer {
  return HDKey.fromMasterSeed(words) as unknown as Signer
}

test('keys are those of the vectors of BIP 49, 84 and 86, and descriptors have the checksum of BIP 380', () => {
  const main = new BitcoinKeys(vector, true)
  const first = { chain: 'receive', number: 0 } as const
  assert.is(
    hex(main.publicAt({ kind: 'p2wpkh', ...first })),
    '0330d54fd0dd420a6e5f8d3624f5f3482cae350f79d5f0753bf5beef9c2d91af3c',
  )
  assert.is(
    hex(main.ownerAt({ kind: 'p2tr', ...first })),
    'a60869f0dbcf1dc659c9cecbaf8050135ea9e8cdc487053f1dc6880949dc684c',
  )
  assert.is(
    hex(new BitcoinKeys(vector, false).publicAt({ kind: 'p2sh-p2wpkh', ...first })),
    '03a1af804ac108a8a51782198c2d034b28bf90c8803f5a53f76276fa69a4eae77f',
  )
  assert.is(withChecksum('raw(deadbeef)'), 'raw(deadbeef)#89f8spxm')
  assert.match(
    main.descriptor('p2wpkh', 'own'),
    /^wpkh\(\[73c5da0a\/84'\/0'\/0'\]xpub[^/]+\/1\/\*\)#[a-z0-9]{8}$/,
  )
  for (const kind of scriptKinds) {
    const place = { kind, chain: 'own', number: 7 } as const
    assert.equal(main.ownerAt(place), ownerOfKey(main.publicAt(place), kind))
    assert.equal(main.placeOf(main.pathOf(place)), [place])
    const given = `x([73c5da0a/${main
      .pathOf(place)
      .map(step => (step >= 2 ** 31 ? `${step - 2 ** 31}h` : step))
      .join('/')}]02ab)#abcdefgh`
    assert.equal(placeIn(given, main.fingerprint), place)
    assert.is(placeIn(given, main.fingerprint + 1), null)
  }
})

test('labels come back from their lines, and a line that is none is named', () => {
  const labels = [
    { type: 'output' as const, ref: `${'ab'.repeat(32)}:1`, label: 'from Ada', spendable: false },
    { type: 'tx' as const, ref: 'cd'.repeat(32), label: '"quoted"\n' },
  ]
  assert.equal(readLabels(writeLabels(labels)), labels)
  assert.throws(() => readLabels(`${writeLabels(labels)}{"type":"no"}\n`), /line 3/)
  fc.assert(
    fc.property(fc.string(), text => {
      try {
        readLabels(text)
      } catch (error) {
        assert.instance(error, PaymentError)
      }
    }),
  )
})

interface Purse {
  readonly wallet: BitcoinWallet
  readonly payments: BitcoinPayments
  readonly keys: BitcoinKeys
}

async function purse(
  rpc: Rpc,
  store: Store,
  facts = { chain: 'regtest', height: 500, isCurrent: true },
): Promise<Purse> {
  const keys = new BitcoinKeys(words, false)
  const wallet = await BitcoinWallet.open({ rpc, keys, store, outputs: 'p2wpkh', gap: 40 })
  const ledger = await openBitcoinLedger(rpc, usualLadder, systemClock)
  const random = seededRandom(5)
  return {
    wallet,
    keys,
    payments: new BitcoinPayments({ wallet, keys, ledger, rpc, facts, random, outputs: 'p2wpkh' }),
  }
}

test('a PSBT goes out to a signer that has only the words, and comes back: inputs of every kind', async () => {
  const node = new FakeNode(words)
  const { payments, wallet } = await purse(node.rpc, memoryStore())
  const coins = await wallet.coins()
  assert.is(coins.length, 3)
  const paid = [{ amount: 150_000, script: scriptOf(bitcoinOwner(seed(50))) }]
  const draft = await payments.draft(paid, 3)
  assert.is(draft.coins.length, 3)
  const signer = Transaction.fromPSBT(await payments.psbt(draft))
  for (let i = 0; i < 3; i++) assert.ok(signer.getInput(i).nonWitnessUtxo, 'the amount can be checked')
  assert.is(
    await payments.takeBack(signer.toPSBT()).catch((error: PaymentError) => error.code),
    'BAD_SIGNATURE',
  )
  assert.is(signer.sign(stranger()), 3)
  const sent = await payments.takeBack(signer.toPSBT())
  assert.is(Transaction.fromRaw(fromHex(node.taken[0] as string)).id, sent)
  const returning = Array.from(
    { length: signer.outputsLength },
    (_, i) => signer.getOutput(i).bip32Derivation?.length ?? 0,
  )
  assert.equal(returning.sort(), [0, 1], 'the signer sees which output is change')
  assert.is(await payments.takeBack(seed(1)).catch((error: PaymentError) => error.code), 'BAD_DOCUMENT')
})

test('what is chosen is spent and nothing else; what is frozen never is; one coin that does joins no coins', async () => {
  const node = new FakeNode(words)
  const store = memoryStore()
  const { payments, wallet } = await purse(node.rpc, store)
  const [large, middle, small] = (await wallet.coins()) as [OwnCoin, OwnCoin, OwnCoin]
  const pay = (amount: number) => [{ amount, script: scriptOf(bitcoinOwner(seed(50))) }]
  const names = async (amount: number, ...chosen: Uint8Array[]): Promise<string[]> =>
    (await payments.draft(pay(amount), 2, chosen)).coins.map(({ note }) => nameOf(note.id))
  assert.equal(await names(40_000), [nameOf(small.note.id)])
  assert.equal(await names(40_000, large.note.id), [nameOf(large.note.id)])
  assert.equal((await names(100_000)).sort(), [large, middle].map(({ note }) => nameOf(note.id)).sort())
  await wallet.freeze(small.note.id, true)
  await wallet.name(small.note.id, 'dust of somebody')
  assert.equal(await names(40_000), [nameOf(middle.note.id)])
  assert.is(await names(40_000, small.note.id).catch((error: PaymentError) => error.code), 'NO_NOTE')
  assert.is(await names(129_900).catch((error: PaymentError) => error.code), 'BAD_AMOUNT')
  assert.is(await names(400_000).catch((error: PaymentError) => error.code), 'NO_NOTE')
  // Labels and freezing outlive the process, and go to other wallets
  const again = await purse(node.rpc, store)
  assert.equal(
    (await again.wallet.labels()).map(({ label, spendable }) => [label, spendable]),
    [['dust of somebody', false]],
  )
  await again.wallet.keepLabels(readLabels(writeLabels(await wallet.labels())))
  await again.wallet.freeze(small.note.id, false)
  assert.not.ok((await again.wallet.coins()).some(({ isFrozen }) => isFrozen))
})

test('what was sent and is lost before it is in a block is handed in again; what was refused is not', async () => {
  const node = new FakeNode(words)
  const { payments, wallet } = await purse(node.rpc, memoryStore())
  const pay = async (amount: number): Promise<string> =>
    await payments.send(await payments.draft([{ amount, script: scriptOf(bitcoinOwner(seed(50))) }], 2))
  await pay(40_000)
  const [sent] = node.taken
  node.taken = []
  await wallet.coins()
  assert.equal(node.taken, [sent])
  await wallet.coins()
  assert.equal(node.taken, [sent], 'once')
  node.refuses = true
  assert.is(await pay(45_000).catch((error: PaymentError) => error.code), 'BAD_TRANSACTION')
  node.refuses = false
  node.taken = []
  await wallet.coins()
  assert.equal(node.taken, [sent])
})

test('no address is given twice, after a crash or from the words alone', async () => {
  const node = new FakeNode(words)
  const store = memoryStore()
  const seen = new Set<string>()
  for (let run = 0; run < 3; run++) {
    const { wallet } = await purse(node.rpc, run < 2 ? store : memoryStore())
    for (let i = 0; i < 3; i++) {
      const owner = hex(await wallet.freshOwner('p2tr'))
      // The third folder cannot know of those that nobody has paid; it goes on half a gap after what was paid
      if (run < 2) assert.not.ok(seen.has(owner))
      seen.add(owner)
    }
  }
  const first = new BitcoinKeys(words, false)
  assert.ok(
    seen.has(hex(first.ownerAt({ kind: 'p2tr', chain: 'receive', number: 22 }))),
    'found 1, and half of 40',
  )
})

test('on Bitcoin Core: coins are found, funded, chosen, sent, bumped, lifted, and come back from the words', async () => {
  if (!isCore())
    return console.log('skipped: no Bitcoin Core: BITCOIND=path of a bitcoind (npm run bitcoind)')
  const node = await startRegtest()
  const awake = stayAlive()
  try {
    await node.mine(1)
    const store = memoryStore()
    const first = await purse(node.rpc, store, await checkedNode(node.rpc, systemClock))
    const receive = async (kind: ScriptKind): Promise<void> => {
      const owner = await first.wallet.freshOwner(kind)
      const coin = await node.coin(seed(40))
      const { transaction } = spend({
        coins: [coin.note],
        paid: [{ amount: 1_000_000, script: scriptOf(owner) }],
        change: coin.note.owner,
        feeRate: 2,
      })
      signWith(transaction, coin.secret)
      await node.rpc('sendrawtransaction', hex(finished(transaction)))
      await node.mine(1)
    }
    for (const kind of scriptKinds) await receive(kind)
    const { wallet, keys } = first
    const facts = await checkedNode(node.rpc, systemClock)
    const coins = await wallet.coins()
    assert.equal(coins.map(({ place }) => place.kind).sort(), [...scriptKinds].sort())

    // A PSBT of every kind of input, read and ended by Bitcoin Core
    const fundings = [1, 2].map(() => wallet.nextPlace('p2wpkh', 'own'))
    const notes = fundings.map(place => ({
      amount: fresh(100_000, usualLadder),
      script: scriptOf(keys.ownerAt(place)),
    }))
    const other = new BitcoinPayments({
      wallet,
      keys,
      rpc: node.rpc,
      facts,
      ledger: await openBitcoinLedger(node.rpc, usualLadder, systemClock),
      random: seededRandom(9),
      outputs: 'p2wpkh',
    })
    const draft = await other.draft(
      notes,
      2,
      coins.map(({ note }) => note.id),
      fundings,
    )
    const signer = Transaction.fromPSBT(await other.psbt(draft))
    signer.sign(stranger())
    const text = Buffer.from(signer.toPSBT()).toString('base64')
    const decoded = await node.rpc('decodepsbt', text)
    assert.is(Math.round(Number(field(decoded, 'fee')) * 1e8), draft.fee)
    const ended = await node.rpc('finalizepsbt', text)
    assert.is(field(ended, 'complete'), true)
    const accepted = (await node.rpc('testmempoolaccept', [field(ended, 'hex') as string])) as object[]
    assert.is(field(accepted[0], 'allowed'), true)
    const funded = await other.takeBack(signer.toPSBT())
    await node.mine(1)
    const raw = await node.rpc('getrawtransaction', funded, true)
    assert.is(field(raw, 'version'), 2)
    assert.ok(
      Number(field(raw, 'locktime')) <= facts.height && Number(field(raw, 'locktime')) > facts.height - 100,
    )

    // Sent, again at a higher fee, and lifted by a child
    const paid = [{ amount: 20_000, script: scriptOf(bitcoinOwner(seed(51))) }]
    const sent = await other.send(await other.draft(paid, 1))
    assert.ok(
      (await wallet.coins()).some(({ depth }) => depth === 0),
      'its change is seen',
    )
    const bumped = await other.send(await other.bump(sent, 10))
    assert.is(await wallet.waits(sent), null)
    const before = await wallet.waits(bumped)
    assert.ok((before?.fee ?? 0) / (before?.size ?? 1) >= 10)
    const change = (await wallet.coins()).find(({ depth }) => depth === 0) as OwnCoin
    const lifted = await other.send(await other.lift(change.note.id, 40))
    const package_ = await wallet.waits(lifted)
    const rate = (package_?.fee ?? 0) / (package_?.size ?? 1)
    assert.ok(rate >= 40 && rate < 44, `${rate} satoshi a virtual byte for both`)
    assert.is(await other.bump(sent, 20).catch((error: PaymentError) => error.code), 'NO_NOTE')
    await node.mine(1)

    // An empty disk and the words
    const restored = await purse(node.rpc, memoryStore(), facts)
    const names = async (of: BitcoinWallet): Promise<string[]> =>
      (await of.coins()).map(({ note }) => nameOf(note.id)).sort()
    assert.equal(await names(restored.wallet), await names(wallet))
    const chosen = (await restored.wallet.coins()).find(
      ({ note }) => note.denomination === fresh(100_000, usualLadder),
    ) as OwnCoin
    const again = await restored.payments.send(await restored.payments.draft([], 3, [chosen.note.id]))
    const spent = field(await node.rpc('getrawtransaction', again, true), 'vin') as {
      txid: string
      vout: number
    }[]
    const { txid, index } = readOutpoint(chosen.note.id)
    assert.equal(
      spent.map(input => [input.txid, input.vout]),
      [[txid, index]],
    )
  } finally {
    awake()
    await node.stop()
  }
})

test.run()
