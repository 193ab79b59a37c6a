// docs/spec/payments-bitcoin.md 6: joins on Bitcoin. A real node on regtest mines them and refuses what was tampered
// with.
// tier: slow

import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../encoding/bytes.ts'
import {
  bitcoinJoins,
  bitcoinOwner,
  outpoint,
  ownerOfScript,
  psbtOf,
  readOutpoint,
  scriptOf,
} from '../payment/bitcoin/bitcoin.ts'
import { fundLadder } from '../payment/bitcoin/funding.ts'
import {
  feeTooLow,
  fresh,
  isOnLadder,
  type Ladder,
  nextRung,
  rungOf,
  sizeOf,
} from '../payment/bitcoin/ladder.ts'
import { openBitcoinLedger } from '../payment/bitcoin/ledger.ts'
import type { Rpc } from '../payment/bitcoin/rpc.ts'
import { PaymentError, type PaymentErrorCode } from '../payment/error.ts'
import type { Note } from '../payment/ledger/transaction.ts'
import type { Join } from '../payment/rounds/join.ts'
import { readMessage } from '../payment/rounds/message.ts'
import { RoundShell } from '../payment/rounds/shell.ts'
import { isRegtestInstalled, startRegtest } from '../scripts/network/bitcoin-regtest.ts'
import { stayAlive, systemClock, virtualClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { seededRandom } from '../world/random.ts'
import { memoryStore } from '../world/store.ts'
import { funded, round, usualLadder } from './bitcoin-rounds.ts'

const ladder = usualLadder
const scheme = bitcoinJoins(new Uint8Array(32).fill(1), ladder)
const secrets = [1, 2, 3].map(byte => new Uint8Array(32).fill(byte))
const outputs = [4, 5, 6].map(byte => scheme.outputOf(new Uint8Array(32).fill(byte)))
const notes = secrets.map((secret, i): Note => {
  return { id: outpoint('ab'.repeat(32), i), denomination: 103_000, owner: bitcoinOwner(secret) }
})

function signaturesOf(join: Join, of: readonly Uint8Array[]): Uint8Array[] {
  return join.notes.map(note => {
    const secret = of.find(one => hex(bitcoinOwner(one)) === hex(note.owner)) as Uint8Array
    return scheme.sign(join, secret)
  })
}

function codeOf(error: unknown): PaymentErrorCode | string {
  return error instanceof PaymentError ? error.code : String(error)
}

async function refusal(run: () => Promise<unknown>): Promise<string> {
  return await run().then(
    () => 'accepted',
    error => codeOf(error),
  )
}

test('a note goes down one rung of the ladder with every join, and stays good for the next', () => {
  const first = fresh(200_000, ladder)
  assert.is(first, 203_000)
  assert.is(rungOf(first, ladder), 3)
  assert.is(nextRung(first, ladder), 202_000)
  assert.not.ok(isOnLadder(200_000, ladder))
  for (const amount of [200_000, 203_500, 53_000])
    assert.throws(() => nextRung(amount, ladder), /can pay for no join/)
  assert.is(feeTooLow(10, ladder, 5), null)
  assert.ok(feeTooLow(10, ladder, 50)?.includes('wait'))
  assert.is(sizeOf(10, 10), 1001)
})

test('outpoints and scripts come back as they were', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(), (id, index) => {
      assert.equal(readOutpoint(outpoint(hex(id), index)), { txid: hex(id), index })
    }),
  )
  const owner = bitcoinOwner(secrets[0] as Uint8Array)
  assert.equal(ownerOfScript(scriptOf(owner)), owner)
  assert.is(ownerOfScript(new Uint8Array(25)), null)
  // BIP 173: the program of the key 02 79be… (secret 1).
  const one = new Uint8Array(32)
  one[31] = 1
  assert.is(hex(scriptOf(bitcoinOwner(one))), '0014751e76e8199196d454941c45d1b3a323f1433bd6')
})

test('members sign one transaction, whatever order notes and outputs come in', () => {
  const join = scheme.join(notes, outputs)
  assert.equal(scheme.join(notes.toReversed(), outputs.toReversed()), join)
  const signatures = signaturesOf(join, secrets)
  for (const [i, note] of join.notes.entries()) {
    assert.ok(scheme.isSigned(join, note, signatures[i] as Uint8Array))
    assert.not.ok(scheme.isSigned(join, note, signatures[(i + 1) % 3] as Uint8Array))
    assert.not.ok(scheme.isSigned(join, note, new Uint8Array(64)))
  }
  const complete = scheme.complete(join, signatures)
  // A real join's virtual size, within the reserve for signatures of 71 and 72 bytes.
  assert.ok(Math.abs(complete.length - (sizeOf(3, 3) + 3 * 81)) < 20)
  assert.is(hex(psbtOf(join, ladder)).slice(0, 10), '70736274ff')
  assert.throws(
    () => scheme.complete(join, [...signatures.slice(1), signatures[0] as Uint8Array]),
    /not signed/,
  )
})

test('an owner proves a note with its key, and nobody else', () => {
  const statement = new Uint8Array([1, 2, 3])
  const [note] = notes as [Note]
  const proof = scheme.prove(statement, secrets[0] as Uint8Array)
  assert.ok(scheme.isProof(note, statement, proof))
  assert.not.ok(scheme.isProof(note, new Uint8Array([1, 2, 4]), proof))
  assert.not.ok(scheme.isProof(note, statement, scheme.prove(statement, secrets[1] as Uint8Array)))
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), any =>
      assert.not.ok(scheme.isProof(note, statement, any)),
    ),
    { numRuns: 20 },
  )
  assert.not.ok(scheme.isOutput(new Uint8Array(32)))
  assert.not.ok(scheme.isOutput(new Uint8Array(32).fill(1)))
})

test('what a node says of a transaction is that there is none only in so many words', async () => {
  const saying =
    (message: string): Rpc =>
    async method => {
      if (method === 'getblockhash') return '00'.repeat(32)
      throw new PaymentError('NODE', `bitcoin node: ${method}: ${message}`)
    }
  const asked = async (message: string): Promise<unknown> => {
    const ledger = await openBitcoinLedger(saying(message), ladder, systemClock)
    return await ledger.positionOf(new Uint8Array(32).fill(3)).catch((error: { code: string }) => error.code)
  }
  assert.is(
    await asked('No such mempool or blockchain transaction. Use gettransaction for wallet transactions.'),
    null,
  )
  assert.is(await asked('Transaction not found.'), null)
  const unknown = [
    'Loading block index...',
    'Work queue depth exceeded',
    'No such mempool transaction. Blockchain transactions are still in the process of being indexed.',
  ]
  for (const message of unknown) assert.is(await asked(message), 'NODE', message)
})

test("a stranger's request costs a node a bounded few calls, whatever waits there", async () => {
  const id = (n: number): string => n.toString(16).padStart(64, '0')
  const hashed = `0014${hex(bitcoinOwner(secrets[0] as Uint8Array).subarray(0, 20))}`
  const output = { value: 1.03, scriptPubKey: { hex: hashed } }
  for (const hasIndex of [true, false]) {
    let calls = 0
    const rpc: Rpc = async (method, ...params) => {
      calls++
      if (method === 'getblockhash') return id(0)
      if (method === 'gettxout') return params[0] === id(7) ? null : { ...output, confirmations: 3 }
      if (method === 'getrawmempool') return Array.from({ length: 50_000 }, (_, i) => id(1_000_000 + i))
      if (method === 'gettxspendingprevout' && hasIndex) return [{}]
      if (method === 'getrawtransaction') return { vout: [output], vin: [], confirmations: 5000 }
      throw new PaymentError('NODE', `bitcoin node: ${method}: Method not found`)
    }
    const ledger = await openBitcoinLedger(rpc, ladder, systemClock)
    for (const [tx, isSpent] of [
      [7, true],
      [9, false],
    ] as const) {
      calls = 0
      assert.is((await ledger.note(outpoint(id(tx), 0)))?.spentBy === null, !isSpent)
      assert.ok(calls <= 19, `${calls} calls`)
    }
  }
})

test('a ladder, a fee and a note that cannot be meant are refused', async () => {
  const rpc: Rpc = async method => (method === 'getblockhash' ? '00'.repeat(32) : { feerate: 330, blocks: 6 })
  const codeOf = async (of: Ladder): Promise<string> =>
    await openBitcoinLedger(rpc, of, systemClock).then(
      () => 'opens',
      (error: { code: string }) => error.code,
    )
  const bad: Partial<Ladder>[] = [
    { step: 0 },
    { step: -1000 },
    { step: 0.5 },
    { step: 10_000_000 },
    { rungs: 0 },
    { least: 1 },
    { confirmations: 0 },
  ]
  for (const one of bad) assert.is(await codeOf({ ...ladder, ...one }), 'BAD_AMOUNT', JSON.stringify(one))
  assert.is(await codeOf(ladder), 'opens')
  const ledger = await openBitcoinLedger(rpc, ladder, systemClock)
  assert.is(await ledger.feeRate().catch((error: { code: string }) => error.code), 'NODE')
  const coin = { note: { ...(notes[0] as Note), denomination: 10_000_000 }, secret: secrets[0] as Uint8Array }
  const fund = (amount: number, feeRate: number): (() => unknown) => {
    const wanted = [{ amount, secret: secrets[1] as Uint8Array }]
    return () => fundLadder([coin], wanted, secrets[2] as Uint8Array, feeRate)
  }
  assert.throws(fund(103_000, 3_000_000), /fee rate/)
  assert.throws(fund(100, 2), /294/)
  assert.not.throws(fund(103_000, 2))
})

/** A node that knows no transaction, and asks this much for a virtual byte. */
function nodeThatAsks(feeRate: number): Rpc {
  return async method => {
    if (method === 'getblockhash') return '00'.repeat(32)
    if (method === 'estimatesmartfee') return { feerate: (feeRate * 1000) / 100_000_000, blocks: 6 }
    if (method === 'getrawmempool') return []
    if (method === 'gettxout') {
      const script = hex(scriptOf((notes[0] as Note).owner))
      return { confirmations: 1, value: 0.00103, scriptPubKey: { hex: script } }
    }
    return null
  }
}

test('a peer whose join would pay less than the node asks for does not join, and says so; for less it asks to join', async () => {
  for (const [asks, want] of [
    [50, ['aborted fee-too-low', 'settled free']],
    [5, ['asked', 'pairing']],
  ] as const) {
    const clock = virtualClock(0)
    const seen: string[] = []
    const shell = new RoundShell({
      config: {
        scheme,
        random: seededRandom(1),
        read: readMessage,
        newOutput: () => seededRandom(2)(32),
        isCooling: () => false,
        least: 3,
        phaseMs: 1000,
        voteMs: 1000,
      },
      clock,
      store: memoryStore(),
      ledger: await openBitcoinLedger(nodeThatAsks(asks), ladder, clock),
      log: silent,
      publish: () => void seen.push('asked'),
      report(told) {
        if (told.type === 'settled') seen.push(`settled ${told.settlement.is}`)
        if (told.type === 'state')
          seen.push(told.state.at === 'aborted' ? `aborted ${told.state.reason}` : told.state.at)
      },
    })
    const [note, noteSecret] = [notes[0] as Note, secrets[0] as Uint8Array]
    shell.start({ note, noteSecret, pairing: new Uint8Array(32), ask: 10, until: 5000, expiry: 9000 })
    await clock.advance(100)
    assert.equal(seen.sort(), [...want])
    shell.close()
  }
})

test('a node mines the join of a round, pays its outputs, and refuses it tampered with', async () => {
  if (!isRegtestInstalled())
    return console.log('skipped: no node: npm ci in test/bitcoin-node, or BITCOIND=path of a bitcoind')
  const node = await startRegtest()
  const awake = stayAlive()
  try {
    const ledger = await openBitcoinLedger(node.rpc, ladder, systemClock)
    const held = await funded(node, ledger, secrets)
    // A round is settled once its join is in a block
    const mining = setInterval(() => void node.mine(1).catch(() => {}), 5000)
    const settlements = await round(ledger, held, secrets).finally(() => clearInterval(mining))
    assert.equal(
      settlements.map(({ is }) => is),
      ['paid', 'paid', 'paid'],
    )
    await node.mine(1)
    const paid = settlements.flatMap(one => (one.is === 'paid' ? [one.outputSecret] : []))
    const mixed = await Promise.all(paid.map(secret => ledger.notesOwnedBy(bitcoinOwner(secret))))
    for (const [note] of mixed) {
      assert.is(note?.denomination, 102_000)
      assert.is(note?.spentBy, null)
    }
    for (const note of held) assert.is.not((await ledger.note(note.id))?.spentBy ?? null, null)

    // What came out pays for the next join, and nothing else than that join is taken.
    const own = bitcoinJoins(ledger.id, ladder)
    const next = own.join(mixed.flat(), outputs)
    const sign = (join: Join): Uint8Array[] =>
      join.notes.map(note =>
        own.sign(join, paid.find(secret => hex(bitcoinOwner(secret)) === hex(note.owner)) as Uint8Array),
      )
    const good = own.complete(next, sign(next))
    const bad = good.slice()
    bad[bad.length - 10] = (bad[bad.length - 10] as number) ^ 1
    assert.is(await refusal(() => ledger.submit(bad)), 'BAD_TRANSACTION')
    const otherOutputs = own.join(mixed.flat(), [
      outputs[0],
      outputs[1],
      bitcoinOwner(new Uint8Array(32).fill(9)),
    ] as Uint8Array[])
    assert.throws(() => own.complete(otherOutputs, sign(next)), /not signed by its owner/)
    assert.is(await ledger.positionOf(next.id), null)
    const move = own.move(mixed[0]?.[0] as Note, paid[0] as Uint8Array, outputs[0] as Uint8Array)
    const moved = await ledger.submit(move)
    assert.is(moved.index, 0, 'it waits for a block')
    assert.is(await refusal(() => ledger.submit(good)), 'DOUBLE_SPEND')
    assert.equal((await ledger.note(mixed[0]?.[0]?.id as Uint8Array))?.spentBy, moved.transaction)
    await node.mine(1)
    assert.is((await ledger.positionOf(moved.transaction))?.index, await node.rpc('getblockcount'))
  } finally {
    awake()
    await node.stop()
  }
})

test.run()
