// What a mixer's or trustee's operator can say of an election whose definition has its times (docs/spec/voting.md 5.2),
// and how an administrator writes them (docs/guide/commands.md, election init).

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Cycle, Peer, Plan } from '../cascade/index.ts'
import { asHeld, closeElection, closer } from '../roles/mixnet/elections.ts'
import { serveMemberPage } from '../roles/mixnet/member-page.ts'
import type { MemberStatus } from '../roles/mixnet/member-status.ts'
import { prolongedUntil, wantsEnded } from '../roles/mixnet/too-few.ts'
import { parseDefinition } from '../voting/definition.ts'
import { Opening } from '../voting/opening.ts'
import { LogLines } from '../world/log-lines.ts'
import { chaffinch, refusal, toml } from './election-command.ts'
import { owners } from './voting-owners.ts'

const place = mkdtempSync(join(tmpdir(), 'chaffinch-dates-'))
test.after(() => rmSync(place, { recursive: true }))
const closes_at = '2026-01-31T18:00:00Z'

test('times are written in any zone, and stand in UTC; without a zone they are refused', async () => {
  const [source, folder] = [join(place, 'election.toml'), join(place, 'board')]
  for (const time of ['2026-01-31T08:00:00', '2026-01-31', '08:00:00']) {
    writeFileSync(source, `opens_at = ${time}\n${toml}`)
    assert.match(await refusal('init', folder, '--from', source), /opens_at: want a time with its zone/)
  }
  writeFileSync(source, `opens_at = "2026-01-31"\n${toml}`)
  assert.match(await refusal('init', folder, '--from', source), /opens_at: want a time as/)
  writeFileSync(source, `opens_at = 2026-01-31T09:00:00+01:00\ncloses_at = "${closes_at}"\n${toml}`)
  await chaffinch('init', folder, '--from', source)
  const definition = parseDefinition(readFileSync(join(folder, 'election.json'), 'utf8'))
  assert.is(definition.opens_at, '2026-01-31T08:00:00Z')
  assert.is(definition.closes_at, closes_at)
  const member = join(place, 'alice')
  mkdirSync(join(member, 'shelf'), { recursive: true })
  assert.match(await refusal('close', folder, '--member', member), /the definition says when it is closed/)
})

test('a member closes a dated election at its time, whatever was said; another one when its operator says', async () => {
  const folder = join(place, 'bob')
  mkdirSync(join(folder, 'shelf'), { recursive: true })
  const peer = (election: Opening): Peer =>
    ({ name: `${election.election} 1 0`, owners: [...ids].sort() }) as unknown as Peer
  const [plain, timed] = [await owners(), await owners({ closes_at })]
  const ids = [...plain.definition.mixers, ...plain.definition.trustees]
  const [undated, dated] = [plain, timed].map(each => new Opening(each.definition, each.roll)) as [
    Opening,
    Opening,
  ]
  const mayClose = closer(folder, [asHeld(undated), asHeld(dated)], () => true)
  const end = Date.parse(closes_at)
  const at = (election: Opening, now: number): boolean =>
    mayClose({ until: '' } as Cycle, peer(election), now)
  assert.not.ok(at(undated, end + 1))
  assert.equal([at(dated, end - 1), at(dated, end)], [false, true])
  for (const { election } of [undated, dated]) closeElection(folder, election, '2026-01-31T12:00:00Z')
  assert.ok(at(undated, Date.parse('2026-01-31T12:00:00Z')))
  assert.equal([at(dated, end - 1), at(dated, end)], [false, true])
})

test('the page of an operator closes none before its time', async () => {
  const folder = join(place, 'carol')
  mkdirSync(join(folder, 'shelf'), { recursive: true })
  const elections = [await owners(), await owners({ closes_at })].map(
    ({ definition, roll }) => new Opening(definition, roll),
  )
  const parts = { folder, plan: {} as Plan, id: '', elections, status: () => ({}) as MemberStatus }
  const served = await serveMemberPage({ ...parts, lines: new LogLines(Date.now) }, 0)
  try {
    const token = readFileSync(join(folder, 'token'), 'utf8').trim()
    const answers = elections.map(async ({ election }) => {
      const answer = await fetch(`${served.url}/elections/${election}/close`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ at: '2026-01-31T12:00:00Z' }),
      })
      return [answer.status, ((await answer.json()) as { readonly detail?: string }).detail]
    })
    assert.equal(await Promise.all(answers), [
      [201, undefined],
      [409, `the definition says when it is closed: ${closes_at}`],
    ])
  } finally {
    await served.close()
  }
})

test('by its page an operator gives up or prolongs what has too few ballots, where that can be', async () => {
  const folder = join(place, 'dora')
  mkdirSync(join(folder, 'shelf'), { recursive: true })
  const elections = [await owners(), await owners({ closes_at })].map(
    ({ definition, roll }) => new Opening(definition, roll),
  )
  const [plain, timed] = elections.map(({ election }) => election)
  const parts = { folder, plan: {} as Plan, id: '', elections, status: () => ({}) as MemberStatus }
  const served = await serveMemberPage({ ...parts, lines: new LogLines(Date.now) }, 0)
  try {
    const token = readFileSync(join(folder, 'token'), 'utf8').trim()
    const post = async (path: string, body: object = {}, as = token): Promise<number> => {
      const headers = { authorization: `Bearer ${as}`, 'content-type': 'application/json' }
      const init = { method: 'POST', headers, body: JSON.stringify(body) }
      return (await fetch(`${served.url}/elections/${path}`, init)).status
    }
    const until = '2026-02-07T18:00:00Z'
    assert.is(await post(`${timed}/end`, {}, 'another'), 401)
    assert.is(await post(`${'00'.repeat(32)}/end`), 404)
    assert.is(await post(`${timed}/prolong`, { until: 'soon' }), 400)
    assert.is(await post(`${timed}/prolong`, { until: closes_at }), 409, 'it ends then already')
    assert.is(await post(`${plain}/prolong`, { until }), 409, 'it has no times')
    assert.is(await post(`${timed}/prolong`, { until }), 201)
    assert.is(prolongedUntil(folder, timed as string), until)
    assert.is(await post(`${timed}/end`), 201)
    assert.is(await post(`${timed}/end`), 409, 'it was said before')
    assert.is(await post(`${timed}/prolong`, { until: '2026-02-08T18:00:00Z' }), 409, 'it was given up')
    assert.equal([wantsEnded(folder, timed as string), wantsEnded(folder, plain as string)], [true, false])
  } finally {
    await served.close()
  }
})

test.run()
