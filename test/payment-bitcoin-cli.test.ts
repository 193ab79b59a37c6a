// docs/spec/payments-bitcoin.md 6.6, docs/guide/bitcoin.md: what a person types, with a node of one's own. The node is
// none (bitcoin-fake.ts); payment-bitcoin-wallet.test.ts has the same on Bitcoin Core.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HDKey } from '@scure/bip32'
import { Transaction } from '@scure/btc-signer'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { authorityEntry } from '../directory/authority/keys.ts'
import { fromHex } from '../encoding/bytes.ts'
import { entropyOf, seedOf } from '../payment/words.ts'
import { initNetwork } from '../roles/files/init.ts'
import { wordsIn } from '../roles/files/payments-folder.ts'
import { runCommandLine } from '../scripts/main.ts'
import { minute } from '../world/units.ts'
import { FakeNode, password } from './bitcoin-fake.ts'
import { printing } from './printing.ts'

const folder = mkdtempSync(join(tmpdir(), 'chaffinch-bitcoin-'))
const file = (name: string): string => join(folder, name)
writeFileSync(file('cookie'), password)
const ladder = 'step = 1000\nrungs = 3\nleast = 10000\n'
initNetwork(file('network.toml'), {
  name: 'demo',
  genesis: Date.now() - 10 * minute,
  epochMs: minute,
  threshold: 1,
  authorities: [authorityEntry(new Uint8Array(32).fill(1), ['/ip4/127.0.0.1/tcp/1'])],
})
writeFileSync(file('client.toml'), `network = "network.toml"\nfolder = "."\n[payments]\n${ladder}`)
const seed = seedOf(entropyOf((await wordsIn(folder)).join(' ')))
const node = new FakeNode(seed)
const { url, close } = await node.serve()
const receiver = 'bcrt1q6z64a43mjgkcq0ul2znwneq3spghrlau9slefp'

test.after(() => {
  close()
  rmSync(folder, { recursive: true, force: true })
})

interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function bare(...args: string[]): Promise<Said> {
  const { result, out, err } = await printing(() => runCommandLine(['pay', ...args]))
  return { code: result, out, err }
}

async function pay(...args: string[]): Promise<Said> {
  const at = ['--ledger', 'bitcoin', '--node', url, '--cookie', file('cookie'), '--chain', 'regtest']
  return await bare(...args, '--config', file('client.toml'), ...at)
}

async function coins(): Promise<{ coin: string; amount: number; frozen: boolean; label: string }[]> {
  return JSON.parse((await pay('status', '--json')).out).coins
}

/** The coins that the last transaction spends which the node was given. */
function spent(): string[] {
  const last = Transaction.fromRaw(fromHex(node.taken.at(-1) as string))
  return Array.from({ length: last.inputsLength }, (_, i) => {
    const { txid, index } = last.getInput(i)
    return `${Buffer.from(txid as Uint8Array).toString('hex')}:${index}`
  })
}

test('coins are found and an address is given, by options and by client.toml alike', async () => {
  assert.match((await pay('address')).out, /^bcrt1q/)
  assert.match((await pay('address', '--kind', 'p2tr')).out, /^bcrt1p/)
  const { out } = await pay('status', '--json')
  assert.is(JSON.parse(out).sum, 180_000)
  const other = file('other.toml')
  writeFileSync(
    other,
    `network = "network.toml"\nfolder = "."\n[payments]\nledger = "bitcoin"\nnode = "${url}"\ncookie = "cookie"\nchain = "regtest"\n${ladder}`,
  )
  assert.is((await bare('status', '--json', '--config', other)).out, out)
})

test('what a payment costs is said before anything is signed, and the coin that is named is spent', async () => {
  const [, middle] = await coins()
  const asked = ['send', receiver, '40000', '--fee-rate', '2', '--coin', middle?.coin ?? '', '--json']
  const before = await pay(...asked)
  assert.is(before.code, 0, before.err)
  assert.is(JSON.parse(before.out).sent, null)
  assert.match(before.err, /nothing was signed/)
  assert.equal(node.taken, [])
  const { fee, sent } = JSON.parse((await pay(...asked, '--yes')).out)
  assert.ok(fee > 200 && fee < 500, `${fee}`)
  assert.is(Transaction.fromRaw(fromHex(node.taken[0] as string)).id, sent)
  assert.equal(spent(), [middle?.coin])
  const dear = await pay('send', receiver, '1000', '--fee-rate', '450')
  assert.is(dear.code, 1)
  assert.match(dear.err, /want at most 50000/)
})

test('what is put together is said, and what is frozen is not spent', async () => {
  const all = await coins()
  assert.match(
    (await pay('send', receiver, '150000', '--fee-rate', '2')).out,
    /these 3 coins are of one owner/,
  )
  const [frozen] = all as [(typeof all)[0]]
  assert.is((await pay('freeze', frozen.coin)).code, 0)
  assert.is((await pay('label', frozen.coin, 'from Ada')).code, 0)
  const found = (await coins()).find(({ coin }) => coin === frozen.coin)
  assert.equal([found?.frozen, found?.label], [true, 'from Ada'])
  const refused = await pay('send', receiver, '1000', '--fee-rate', '2', '--coin', frozen.coin)
  assert.is(refused.code, 1)
  writeFileSync(
    file('labels.jsonl'),
    `{"type":"output","ref":"${frozen.coin}","label":"of Bob","spendable":false}\n`,
  )
  assert.match((await pay('labels', file('labels.jsonl'))).out, /1 labels/)
  assert.is((await coins()).find(({ coin }) => coin === frozen.coin)?.label, 'of Bob')
  assert.is((await pay('thaw', frozen.coin)).code, 0)
  assert.is((await pay('send', receiver, '1000', '--fee-rate', '2', '--coin', frozen.coin)).code, 0)
})

test('a signer elsewhere gets a PSBT, and what it gives back is sent', async () => {
  const psbt = file('out.psbt')
  assert.is((await pay('send', receiver, '150000', '--fee-rate', '3', '--psbt', psbt)).code, 0)
  const unsigned = await pay('submit', psbt)
  assert.is(unsigned.code, 1)
  const signer = Transaction.fromPSBT(new Uint8Array(Buffer.from(readFileSync(psbt, 'utf8'), 'base64')))
  signer.sign(HDKey.fromMasterSeed(seed) as never)
  writeFileSync(file('signed.psbt'), signer.toPSBT())
  const { code, out } = await pay('submit', file('signed.psbt'), '--json')
  assert.is(code, 0)
  assert.is(Transaction.fromRaw(fromHex(node.taken.at(-1) as string)).id, JSON.parse(out).sent)
  assert.is(spent().length, 3)
})

test('notes are made for joins, and a watcher elsewhere is given descriptors', async () => {
  const { code, out, err } = await pay('fund', '50000', '--count', '2', '--fee-rate', '2', '--yes', '--json')
  assert.is(code, 0, err)
  const made = Transaction.fromRaw(fromHex(node.taken.at(-1) as string))
  assert.is(made.id, JSON.parse(out).sent)
  const amounts = Array.from({ length: made.outputsLength }, (_, i) => Number(made.getOutput(i).amount))
  assert.is(amounts.filter(amount => amount === 50_000 + 3 * 1000).length, 2)
  const { descriptors } = JSON.parse((await pay('descriptors', '--json')).out)
  assert.is(descriptors.length, 6)
})

test('a password in a command line, another chain, and a node that is pruned or has another password are refused', async () => {
  const withNode = async (node_: string, chain = 'regtest', cookie = file('cookie')): Promise<Said> =>
    await bare(
      ...['status', '--ledger', 'bitcoin', '--node', node_, '--chain', chain, '--cookie', cookie],
      ...['--config', file('client.toml')],
    )
  const typed = await withNode('http://me:secret@127.0.0.1:1')
  assert.is(typed.code, 2)
  assert.match(typed.err, /a password in a command line is seen by everybody/)
  assert.not.match(typed.err, /secret/)
  assert.match((await withNode(url, 'main')).err, /follows regtest, and main is meant/)
  writeFileSync(file('wrong'), 'somebody:else')
  assert.match((await withNode(url, 'regtest', file('wrong'))).err, /wants another user or password/)
  assert.match((await withNode(url, 'regtest', file('none'))).err, /cookie cannot be read/)
  node.isPruned = true
  assert.match((await withNode(url)).err, /pruned.*run it without prune/)
  node.isPruned = false
})

test.run()
