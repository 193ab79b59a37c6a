// chaffinch election (docs/guide/commands.md): what is prepared before anybody votes, and what is checked afterwards.
// tier: slow

import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Audit } from '../cascade/audit.ts'
import { serveController } from '../cascade/server/index.ts'
import { fromHex } from '../encoding/bytes.ts'
import { castOrOpen } from '../scripts/election/vote.ts'
import { makeFolder } from '../voting/folder.ts'
import {
  electionId,
  parseDefinition,
  readRoll,
  voterOf,
  writeDefinition,
  writeRoll,
} from '../voting/index.ts'
import { receiptFormat, writeReceipt } from '../voting/receipt.ts'
import { systemClock } from '../world/clock.ts'
import { systemRandom } from '../world/random.ts'
import { chaffinch, refusal, toml } from './election-command.ts'
import { printing } from './printing.ts'
import { Election, group, mixnet } from './voting-world.ts'

const place = mkdtempSync(join(tmpdir(), 'chaffinch-election-'))
test.after(() => rmSync(place, { recursive: true }))
test('a definition is checked and written, and codes drawn for all voters', async () => {
  const [source, folder, codes] = ['election.toml', 'board', 'codes.csv'].map(name => join(place, name)) as [
    string,
    string,
    string,
  ]
  writeFileSync(source, toml.replace('max = 1', 'max = 3'))
  assert.match(await refusal('init', folder, '--from', source), /election.toml: question 1: max/)
  writeFileSync(source, `${toml}surprise = 1\n`)
  assert.match(await refusal('init', folder, '--from', source), /surprise: is not known/)
  writeFileSync(source, toml)
  const { out } = await chaffinch('init', folder, '--from', source)
  const definition = parseDefinition(readFileSync(join(folder, 'election.json'), 'utf8'))
  assert.is(out, electionId(definition))
  const register = join(place, 'voters.csv')
  writeFileSync(register, 'Name;E-Mail;Votes\r\n"Ray; Zoë";zoe@example.org;2\r\n=1+1;bo@example.org;1\r\n')
  const { out: said } = await chaffinch('credentials', folder, '--voters', register, '--codes', codes)
  assert.is(said, '2 voters with 3 votes')
  assert.is(statSync(codes).mode & 0o777, 0o600)
  const lines = readFileSync(codes, 'utf8').trimEnd().split('\r\n')
  assert.is(lines[0], 'name,mail,weight,code')
  assert.match(lines[2] ?? '', /^'=1\+1,/, 'no spreadsheet computes a name')
  const roll = readRoll(new Uint8Array(readFileSync(join(folder, 'voters.bin'))))
  for (const [i, weight] of [2, 1].entries()) {
    const code = lines[i + 1]?.split(',').at(-1) as string
    assert.is(roll.get(voterOf(electionId(definition), code).id), weight)
  }
  assert.not(readFileSync(join(folder, 'voters.bin')).includes('Zo'), 'no name is in the folder')
  assert.match(await refusal('credentials', folder, '--voters', register, '--codes', codes), /codes.csv/)
})

test('a folder is checked with one command, and a changed byte refused with its file', async () => {
  const election = await Election.of({ seed: 12, weights: [1, 1] })
  election.vote(0, 0, { is: 'choose', chosen: [0], written: [] })
  election.vote(1, 0, { is: 'choose', chosen: [0], written: [] })
  await election.run(6)
  await election.close()
  const { definition, roll } = election
  const audit = new Audit(mixnet, fromHex(definition.controller_key), group, systemRandom)
  await audit.follow(election.source)
  const { files } = await makeFolder(group, audit, election.source.blob, definition, roll)
  const folder = join(place, 'over')
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), bytes)
  }
  const { out, result } = await chaffinch('verify', folder, '--id', election.id)
  assert.not(result)
  assert.match(out, /plurality: Anna\n/)
  assert.match(out, /everything holds/)
  const told = JSON.parse((await chaffinch('verify', folder, '--json')).out) as Record<string, unknown>
  assert.equal([told['holds'], told['election'], told['voters']], [true, election.id, 2])
  assert.match(await refusal('verify', folder, '--id', 'ab'.repeat(32)), /is the election/)
  const [kept] = election.clients[0]?.receipts() ?? []
  assert.ok(kept)
  if (kept === undefined) return
  const receipt = join(place, 'receipt.json')
  writeFileSync(receipt, writeReceipt({ format: receiptFormat, election: election.id, ...kept }))
  assert.match((await chaffinch('receipt', receipt, folder)).out, /is in the log, and counts/)
  writeFileSync(receipt, readFileSync(receipt, 'utf8').replace('"index":', '"index":1'))
  assert.match(await refusal('receipt', receipt, folder), /receipt.json: receipt:/)
  for (const name of files.keys()) {
    const path = join(folder, name)
    const bytes = readFileSync(path)
    const other = Buffer.from(bytes)
    other[Math.floor(other.length / 2)] = (other[Math.floor(other.length / 2)] as number) ^ 1
    writeFileSync(path, other)
    assert.match(await refusal('verify', folder), /refused: /, name)
    writeFileSync(path, bytes)
  }
  assert.is(await refusal('verify', folder), 'exit code 0')
  assert.match(await refusal('verify', join(place, 'nowhere')), /nowhere/)
})

test('ballots go to a Controller over HTTP, the last of each voter counts, and the count comes from there', async () => {
  const storage = join(place, 'board.db')
  const about = { mixnet: 'test', group, seed: systemRandom(32), storage, port: 0, clock: systemClock }
  await using served = await serveController(about)
  const election = await Election.of({
    seed: 13,
    weights: [1, 1],
    served: { controller: served.controller, mixnet: 'test' },
  })
  const folder = join(place, 'remote')
  mkdirSync(folder)
  writeFileSync(join(folder, 'election.json'), writeDefinition(election.definition))
  writeFileSync(join(folder, 'voters.bin'), writeRoll(election.roll))
  const cast = (voter: number, answer: string): readonly string[] => {
    const file = join(place, `code-${voter}`)
    writeFileSync(file, `${election.codes[voter]?.toLowerCase()}\n`)
    const to = ['--controller', served.url, '--receipts', place]
    return ['vote', folder, ...to, '--code', file, '--answer', answer]
  }
  assert.match((await chaffinch(...cast(0, '1=Anna'))).out, /question 1: ballot \S+ was taken/)
  const { out } = await chaffinch(...cast(0, '1=Bo'), '--json')
  const { file } = JSON.parse(out) as { readonly file: string }
  await chaffinch(...cast(1, '1=Bo,+Zoë'))
  assert.match(await refusal(...cast(1, '1=Dora')), /'Dora': want one of/)
  writeFileSync(
    join(place, 'code-9'),
    election.codes[0]?.replace(/^./, each => (each === 'A' ? 'B' : 'A')) ?? '',
  )
  const wrong = cast(0, '1=Anna').map(each => each.replace('code-0', 'code-9'))
  assert.match(await refusal(...wrong), /code: is mistyped|the code is of no voter/)
  const size = served.controller.size
  const asked = { controller: served.url, code: join(place, 'code-1'), receipts: place, ask: true }
  const open = await printing(() => castOrOpen(folder, { ...asked, answer: ['1=Anna'] }, async () => 'open'))
  assert.is(served.controller.size, size, 'nothing was cast')
  const shown = /(\S+opened-1-(\S+)\.json) opens it/.exec(open.out) as RegExpExecArray
  assert.match(open.out, `ballot ${shown[2]} is made`)
  const challenge = ['challenge', shown[1] as string, folder, '--controller', served.url]
  assert.is((await chaffinch(...challenge)).out, `question 1: ballot ${shown[2]} holds Anna`)
  const text = readFileSync(shown[1] as string, 'utf8')
  writeFileSync(
    shown[1] as string,
    text.replace(/"randomness":"./, each =>
      each.endsWith('0') ? `${each.slice(0, -1)}1` : `${each.slice(0, -1)}0`,
    ),
  )
  assert.match(await refusal(...challenge), /does not hold what its program says/)
  const said = await printing(() => castOrOpen(folder, { ...asked, answer: ['1=Bo'] }, async () => 'cast'))
  assert.match(said.out, /is made[\s\S]*was taken/)
  assert.match(await refusal('vote', folder, '--controller', served.url, '--ask'), /--ask: want --code FILE/)
  assert.match(await refusal('tally', folder, '--controller', served.url), /voting is not over/)
  await election.close()
  assert.match(await refusal(...cast(1, '1=Anna')), /takes no ballots now/)
  await chaffinch('tally', folder, '--controller', served.url, '--wait')
  const checked = await chaffinch('verify', folder, '--id', election.id)
  assert.match(checked.out, /2 ballots, 2 votes, 0 blank, 0 invalid\n {2}plurality: Bo\n/)
  assert.match((await chaffinch('receipt', file, folder)).out, /is in the log, and counts/)
  const page = (await chaffinch('result', folder, '--html')).out
  assert.match(page, /<th scope="row">Bo<\/th><td class="n">1<\/td><td class="n">2<\/td><td>yes<\/td>/)
  assert.match(page, election.id)
  assert.not.match(page, /<script|https?:/)
})

test.run()
