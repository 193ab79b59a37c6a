// chaffinch consensus show, verify, history, diff and evidence: against an authority on 127.0.0.1 that hands out
// prepared documents, and against files.
// tier: slow

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { authorityEntry } from '../directory/authority/keys.ts'
import { type NamedBody, nameBody } from '../directory/documents/consensus.ts'
import { writeDocument } from '../directory/documents/document.ts'
import { evidenceOf, writeProofs } from '../directory/documents/evidence.ts'
import { directoryProtocol, readRequest, writeAnswer, writeRefusal } from '../directory/documents/exchange.ts'
import { LogStretch } from '../directory/documents/log.ts'
import type { Network } from '../directory/documents/network.ts'
import { DirectoryError } from '../directory/error.ts'
import { readNetwork } from '../directory/network-file.ts'
import { tally } from '../directory/rounds/tally.ts'
import { digest, signStatement } from '../directory/statement.ts'
import { hex } from '../encoding/bytes.ts'
import { CommandError } from '../encoding/command-line.ts'
import { emptyEdge } from '../encoding/merkle.ts'
import { startHost } from '../link/libp2p/host.ts'
import type { Host } from '../link/link.ts'
import { authorityLine } from '../roles/files/init-files.ts'
import { perform } from '../scripts/main.ts'
import { descriptorsOf, idOf, signaturesOf, signer, voteOf } from '../simulator/directory-samples.ts'
import { seedOf } from '../simulator/directory-world.ts'
import { systemClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { systemRandom } from '../world/random.ts'
import { printing } from './printing.ts'
import { failureOf } from './refusals.ts'

const folder = mkdtempSync(join(tmpdir(), 'chaffinch-consensus-'))
const networkFile = join(folder, 'network.toml')
/** The signed documents that the authority has, by epoch. */
const documents = new Map<number, Uint8Array>()
const names: Uint8Array[] = []
/** The authority's answer when it is asked for evidence. */
let proofs = writeProofs([])
let trapHash: Uint8Array
/** The log that the authority shows. */
let log = LogStretch.of(emptyEdge, [])
let authority: Host

interface Ran {
  readonly code: number
  readonly out: string
}

async function ran(...args: string[]): Promise<Ran> {
  const { result, out } = await printing(() => perform(['consensus', ...args, '--network', networkFile]))
  return { code: result, out }
}

const failure = (...args: string[]): Promise<CommandError> => failureOf(CommandError, () => ran(...args))

function sign(network: Network, { body, bytes, hash }: NamedBody, count = 3): Uint8Array {
  return writeDocument(bytes, signaturesOf(network, body.epoch, hash, count))
}

test.before(async () => {
  authority = await startHost({
    seed: seedOf('authority 0'),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    cellBytes: 100,
    clock: systemClock,
    log: silent,
    random: systemRandom,
    admits: () => false,
    role: 'authority',
  })
  authority.serve(directoryProtocol, 64, async (_, bytes) => {
    const request = readRequest(bytes)
    if (request.ask === 'evidence') return writeAnswer(proofs)
    if (request.ask === 'log') return writeAnswer(log.write())
    const epoch = request.ask === 'document' ? (request.epoch ?? 4) : -1
    const found = documents.get(epoch)
    return found === undefined
      ? writeRefusal(new DirectoryError('UNAVAILABLE', `no document of epoch ${epoch} here`))
      : writeAnswer(found)
  })
  const addresses = [String(authority.addresses[0]), '/ip4/127.0.0.1/tcp/1', '/ip4/127.0.0.1/tcp/1']
  const lines = addresses.flatMap((at, i) => {
    const entry = authorityEntry(seedOf(`authority ${i}`), [at])
    return ['--authority', authorityLine(entry)]
  })
  const genesis = new Date(Math.floor(Date.now() / 1000 - 4.5 * 1200) * 1000).toISOString()
  await printing(() =>
    perform([
      'init',
      'network',
      networkFile,
      '--name',
      'test',
      '--epoch',
      '20min',
      '--genesis',
      genesis,
      ...lines,
    ]),
  )
  const read = readNetwork(networkFile)
  const order = [0, 1, 2].map(i => hex(idOf(`authority ${i}`)))
  // In the order of their numbers, as the samples sign.
  const authorities = [...read.authorities].sort(
    (a, b) => order.indexOf(hex(a.id)) - order.indexOf(hex(b.id)),
  )
  const network = { ...read, authorities }
  let before: NamedBody | undefined
  // Epoch 2 has none; in epoch 4 a node has come and the mean delay changes.
  for (const epoch of [0, 1, 3, 4]) {
    const nodes = descriptorsOf(network, epoch, epoch === 4 ? 7 : 6)
    const parameters = new Map([['hopDelayMs', epoch === 4 ? 80 : 50]])
    const votes = [0, 1, 2].map(i => voteOf(network, i, nodes, { parameters }))
    const named = nameBody(tally({ network, epoch, votes, before }))
    documents.set(epoch, sign(network, named))
    names[epoch] = named.hash
    before = named
    log = log.with({ epoch, hash: named.hash })
  }
  writeFileSync(join(folder, 'one-signature'), sign(network, before as NamedBody, 1))
  const votes = [0, 1, 2].map(i => voteOf(network, i, descriptorsOf(network, 3)))
  const trap = nameBody(tally({ network, epoch: 3, votes }))
  writeFileSync(join(folder, 'trap'), sign(network, trap))
  trapHash = trap.hash
})

test.after(async () => {
  await authority.close()
  rmSync(folder, { recursive: true })
})

test('show is the default; --save keeps the signed document', async () => {
  const { code, out } = await ran()
  assert.is(code, 0)
  assert.match(
    out,
    /^consensus of test, epoch 4\nhash {4}[0-9a-f]{64}\nsigned {2}by 3 of 3 authorities, 2 are enough/,
  )
  const file = join(folder, 'saved')
  const json = JSON.parse((await ran('show', '--epoch', '3', '--save', file, '--json')).out)
  assert.equal([json.epoch, json.hash, json.nodes.length], [3, hex(names[3] as Uint8Array), 8])
  assert.equal(new Uint8Array(readFileSync(file)), documents.get(3))
  assert.match((await failure('show', '--save', file)).message, /saved: is there already$/)
})

test('verify names every step, of an authority or of a file', async () => {
  const good = await ran('verify')
  assert.is(good.code, 0)
  for (const step of ['form', 'configuration', 'authorities', 'nodes', 'time']) {
    assert.match(good.out, new RegExp(`^ok +${step} `, 'm'))
  }
  assert.match(good.out, /^the document is valid$/m)
  const few = await ran('verify', join(folder, 'one-signature'), '--json')
  assert.is(few.code, 1)
  const verdict = JSON.parse(few.out)
  assert.equal([verdict.valid, verdict.epoch, verdict.signers.length, verdict.threshold], [false, 4, 1, 2])
  assert.equal(verdict.checks.at(-1), {
    check: 'authorities',
    holds: false,
    detail: 'signed by 1 of 3, 2 are enough (TOO_FEW_SIGNATURES)',
  })
})

test('verify says what is wrong with other bytes, and with a document whose time is over', async () => {
  const file = join(folder, 'bytes')
  writeFileSync(file, digest(new Uint8Array(5)))
  const { code, out } = await ran('verify', file)
  assert.is(code, 1)
  assert.match(out, /^no document\nFAILED {2}form +document: .*\nthe document is NOT valid$/)
  const old = JSON.parse((await ran('verify', '--epoch', '1', '--json')).out)
  assert.match(old.checks.at(-1).detail, /^its time was over at .* \(OLD_EPOCH\)$/)
  assert.match((await failure('verify', join(folder, 'none'))).message, /none: not found$/)
})

test('history: which document names which, and where there is none', async () => {
  const { code, out } = await ran('history', '--json')
  assert.is(code, 0)
  const { holds, rows } = JSON.parse(out)
  assert.is(holds, true)
  const brief = rows.map((row: Record<string, unknown>) => [row['epoch'], row['follows'], row['arrived']])
  assert.equal(brief, [
    [4, 3, 1],
    [3, 1, 0],
    [2, null, 0],
    [1, 0, 0],
    [0, null, 0],
  ])
  const text = await ran('history', '--epochs', '3', '--epoch', '3')
  assert.match(text.out, /^ +3 .* epoch 1 +3 +8 +0 +0$/m)
  assert.match(text.out, /^ +2 .* no document/m)
})

test('history fails when a document names none of the list', async () => {
  const kept = documents.get(1) as Uint8Array
  documents.delete(1)
  const { code, out } = await ran('history')
  documents.set(1, kept)
  assert.is(code, 1)
  assert.match(out, /^the chain is BROKEN/m)
})

test('the log: a signed document that is not in it, and an authority that shows another one', async () => {
  const good = JSON.parse((await ran('verify', '--json')).out)
  assert.equal(good.checks.at(-1), {
    check: 'log',
    holds: true,
    detail: 'is the newest, or in the log of 3 documents before epoch 4',
  })
  const trap = join(folder, 'trap')
  assert.is((await ran('verify', trap)).code, 0, 'control: by itself it is as good as any')
  const found = await ran('verify', trap, '--log')
  assert.is(found.code, 1)
  assert.match(found.out, /^FAILED {2}log +is NOT in the log of 3 documents before epoch 4$/m)
  const { log: shown } = JSON.parse((await ran('history', '--json')).out)
  assert.equal([shown.size, shown.shownBy.length, shown.differs], [3, 1, []])
  const kept = log
  log = LogStretch.of(emptyEdge, [...log.entries.slice(0, 2), { epoch: 3, hash: trapHash }])
  const { code, out } = await ran('history')
  log = kept
  assert.is(code, 1)
  assert.match(out, /^a FORK: the log of authority [0-9a-f]{16} has [0-9a-f]{16} for epoch 3, and not /m)
})

test('diff: who came, what changed, and how many bytes tell it', async () => {
  const told = JSON.parse((await ran('diff', '--json')).out)
  assert.equal([told.from.epoch, told.to.epoch], [3, 4])
  assert.equal([told.arrived.length, told.left.length], [1, 0])
  assert.equal(told.parameters, { hopDelayMs: [50, 80] })
  assert.ok(told.bytes.difference < told.bytes.document)
  const { out } = await ran('diff', '--from', '1', '--epoch', '3')
  assert.match(out, /^from epoch 1, [0-9a-f]{16}, to epoch 3, [0-9a-f]{16}\nnothing but the new keys\n/)
})

test('paths: what k nodes of one hand own, against closed forms', async () => {
  const told = JSON.parse((await ran('paths', '--adversary', '3', '--json')).out)
  const [a, b, c] = told.layers
  assert.is(told.paths, a * b * c * told.gateways ** 2)
  assert.is(told.nodes, a + b + c + told.gateways)
  assert.equal(told.worst, {
    mixes: 1 / (a * b * c),
    ends: Math.min(1, (3 / told.gateways) ** 2),
    exact: true,
  })
  const all = told.nodes * (told.nodes - 1) * (told.nodes - 2)
  assert.ok(Math.abs(told.random.mixes - 6 / all) < 1e-12)
  const { out } = await ran('paths', '--adversary', '3')
  assert.match(out, /gateways, worst/)
  assert.match(out, /^3 /m)
  for (const wrong of [
    ['paths', '--adversary', 'many'],
    ['show', '--adversary', '3'],
  ]) {
    const error = await ran(...wrong).catch((thrown: unknown) => thrown)
    assert.is(error instanceof CommandError && error.code, 'USAGE')
  }
})

test('evidence: who is proven to have contradicted itself; what does not verify is no answer', async () => {
  assert.is((await ran('evidence')).out, 'no authority or node is proven to have contradicted itself')
  const accused = { kind: 'consensus', epoch: 3, signer: idOf('authority 1') } as const
  const said = (about: Uint8Array): { about: Uint8Array; signature: Uint8Array } => ({
    about,
    signature: signStatement('test', { ...accused, about }, signer('authority 1')),
  })
  const [one, other] = [digest(new Uint8Array(1)), digest(new Uint8Array(2))]
  proofs = writeProofs([evidenceOf(accused, said(one), said(other))])
  assert.match((await ran('evidence')).out, new RegExp(`${hex(accused.signer).slice(0, 16)} +two different`))
  const { evidence } = JSON.parse((await ran('evidence', '--json')).out)
  assert.is(evidence.length, 1)
  assert.equal(
    [evidence[0].authority, evidence[0].kind, evidence[0].epoch, evidence[0].said.length],
    [hex(accused.signer), 'consensus', 3, 2],
  )
  proofs = writeProofs([evidenceOf(accused, said(one), { ...said(other), signature: new Uint8Array(64) })])
  assert.match((await failure('evidence')).message, /BAD_SIGNATURE/)
})

test('what the command line gets wrong is the caller’s to mend', async () => {
  for (const [args, message] of [
    [['tell'], /no action 'tell'/],
    [['show', '--from', '3'], /unknown option '--from'/],
    [['diff', 'file'], /unexpected argument 'file'/],
    [['diff', '--from', '4'], /want an epoch before 4/],
    [['show', '--log'], /unknown option '--log'/],
    [['history', '--epochs', '0'], /--epochs 0: want a whole number from 1 to 72/],
  ] as const) {
    const error = await failure(...args)
    assert.is(error.exitCode, 2)
    assert.match(error.message, message)
  }
  const error = await failure('show', '--epoch', '9')
  assert.is(error.exitCode, 1)
  assert.match(error.message, /no document of epoch 9 here \(UNAVAILABLE\)/)
})

test.run()
