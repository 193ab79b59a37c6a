// docs/spec/payments-paymix.md 5.9 and 5.10: a client's folder names its ledger when its owner likes, also while the
// client runs.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Client } from '../client/index.ts'
import { hex } from '../encoding/bytes.ts'
import { split } from '../payment/denominations.ts'
import { writeGenesis } from '../payment/ledger/log.ts'
import { signMint } from '../payment/ledger/transaction.ts'
import type { PaymentsEvent } from '../payment/person/news.ts'
import type { Payments } from '../payment/person/payments.ts'
import { readRequest } from '../payment/person/request.ts'
import { usualTimes } from '../payment/times.ts'
import { writeKey } from '../roles/files/folder.ts'
import type { ClientFile } from '../roles/files/shapes.ts'
import { paymentsFrom } from '../roles/payments.ts'
import { systemClock } from '../world/clock.ts'
import { systemRandom } from '../world/random.ts'
import { genesis, honest, mintSeed, openTestLedger } from './payment-world.ts'

test('who listens before a ledger is named hears of payments once it is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-payments-'))
  const ledger = await openTestLedger(() => Math.floor(systemClock.now()))
  const tell = honest(ledger)
  const client = {
    address: 'ch1nobody',
    bulletin: (name: string) => ({ name, publish: async () => '', async *entries() {} }),
    request: async (_to: string, _service: string, question: Uint8Array) => await tell(question),
    serve: () => ({ counts: {}, ended: Promise.resolve(), end: () => {} }),
  } as unknown as Client
  const times = { ...usualTimes, followMs: 100 }
  const file = { folder, payments: { apps: [], times }, log: 'error' } as unknown as ClientFile
  const payments = paymentsFrom(file, client)
  const heard: PaymentsEvent[] = []
  const stop = payments.on(event => heard.push(event))
  try {
    assert.not(payments.isNamed)
    const missing = await payments.open().catch((error: unknown) => error)
    assert.is((missing as { code: string }).code, 'NO_LEDGER')

    writeFileSync(join(folder, 'payments.ledger'), `${hex(writeGenesis(genesis))}\nch1ledger\n`)
    const open = await payments.open()
    const request = await open.request(10, systemClock.now() + 3_600_000, 'late')
    const { amount, owners } = readRequest(new Uint8Array(Buffer.from(request, 'base64url')))
    const pieces = split(amount, owners.length).map((denomination, i) => ({
      denomination,
      owner: owners[i] as Uint8Array,
    }))
    await ledger.submit(signMint(ledger.id, systemRandom(32), pieces, mintSeed))
    await open.carry()
    for (let i = 0; i < 200 && heard.length === 0; i++) await setTimeout(50)
    assert.equal(
      heard.map(({ type }) => type),
      ['request'],
    )
  } finally {
    stop()
    await payments.close()
    rmSync(folder, { recursive: true })
  }
})

test('a new key beside payments that lie there is refused, and so is the key of others', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-payments-'))
  const client = {
    address: 'ch1nobody',
    bulletin: (name: string) => ({ name, publish: async () => '', async *entries() {} }),
  } as unknown as Client
  const times = { ...usualTimes, followMs: 100 }
  const file = { folder, payments: { apps: [], times }, log: 'error' } as unknown as ClientFile
  const key = join(folder, 'payments.key')
  const codeOf = async (work: (address: Payments) => Promise<unknown>): Promise<string> => {
    const payments = paymentsFrom(file, client)
    try {
      await work(await payments.open())
      return 'opens'
    } catch (error) {
      return (error as { code: string }).code
    } finally {
      await payments.close()
    }
  }
  try {
    writeFileSync(join(folder, 'payments.ledger'), `${hex(writeGenesis(genesis))}\nch1ledger\n`)
    assert.is(await codeOf(payments => payments.address()), 'opens')
    const own = readFileSync(key)
    rmSync(key)
    assert.is(await codeOf(async () => {}), 'DAMAGED')
    assert.not(existsSync(key), 'no new one was made')
    const other = mkdtempSync(join(tmpdir(), 'chaffinch-payments-'))
    writeKey(join(other, 'key'), 'another', () => new Uint8Array(0))
    writeFileSync(key, readFileSync(join(other, 'key')), { mode: 0o600 })
    rmSync(other, { recursive: true })
    assert.is(await codeOf(async () => {}), 'DAMAGED')
    writeFileSync(key, own)
    assert.is(await codeOf(async () => {}), 'opens')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test.run()
