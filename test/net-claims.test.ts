import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { claims, layerKey, lost, settle } from '../scripts/network/claims.ts'
import { claimLines, report, summaryLines } from '../scripts/network/report.ts'
import type { MixRecord } from '../simulator/processes/passages.ts'
import type { CrowdRecord, MessageRecord, RunRecord } from '../simulator/processes/record.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const hops = ['g0', 'm0', 'm1', 'm2', 'g1']

function message(number: number): MessageRecord {
  return {
    number,
    kind: 'short text',
    from: 'client-0',
    to: 'client-1',
    bytes: 5,
    digest: `d${number}`,
    replyDigest: `r${number}`,
    id: `id${number}`,
    acceptedAt: 1000,
    stored: true,
    readAt: [2000],
    replyReadAt: [3000],
  }
}

const hidden: MixRecord = {
  ...{ name: 'mix-0', followed: 500, packetsPerS: 60, halfBits: 2 },
  observed: { bits: 3.1, place: 0.49 },
  simulated: { bits: { mean: 3, low: 2.7, high: 3.3 }, place: { mean: 0.5, low: 0.45, high: 0.55 } },
}

/** A run in which everything went well, then spoilt by `spoil`. */
function run(spoil: (run: Mutable<RunRecord>) => void = () => {}): RunRecord {
  const record: Mutable<RunRecord> = {
    threshold: 2,
    layers: 3,
    wantedKills: ['mix', 'gateway', 'authority', 'authorities'],
    consensus: [
      { process: 'mix-0', epoch: 0, hash: 'a' },
      { process: 'client-0', epoch: 0, hash: 'a' },
      { process: 'authority-0', epoch: 0, hash: 'a' },
      { process: 'client-0', epoch: 1, hash: 'b' },
    ],
    late: [{ process: 'client-0', at: 900, worksUntil: 9000 }],
    documents: [0, 1, 2, 3].map(epoch => ({ epoch, signatures: 3 })),
    messages: [message(0), message(1)],
    strangers: [],
    exposed: [],
    nodes: [
      {
        name: 'mix-0',
        packets: { received: 6, forwarded: 1, stored: 1, served: 1, held: 1, dropped: { REPLAY: 2 } },
      },
    ],
    paths: [{ client: 'client-0', epoch: 0, hops }],
    layerOf: new Map(hops.slice(1, -1).map((id, layer) => [layerKey(0, id), layer])),
    gateways: new Set(['g0', 'g1']),
    latencies: [],
    kills: [
      { kind: 'mix', name: 'mix-1', at: 1500, epoch: 1, inFlight: 2 },
      { kind: 'gateway', name: 'gateway-1', at: 1500, epoch: 1, inFlight: 2, backAt: 7000 },
      { kind: 'authority', name: 'authority-1', at: 1500, epoch: 1, inFlight: 2, backAt: 7000 },
      { kind: 'authorities', name: 'authority-0', at: 1500, epoch: 1, inFlight: 2 },
    ],
    endings: [
      { name: 'mix-1', code: null, signal: 'SIGKILL', asked: 'SIGKILL' },
      { name: 'client-0', code: 0, signal: null, asked: 'SIGTERM' },
    ],
    byHand: new Map(),
    openPorts: [],
    wantedPayments: 8,
    join: { transaction: 'ab', size: 8, effectiveSet: 8, paid: 8 },
    wantedPaid: true,
    wantedCrowd: false,
    crowd: undefined,
    wantedRounds: true,
    rounds: { roundMs: 2000, rounds: 60, clients: 6, withAnEpoch: 6, missed: [], doubled: [] },
    comparedDelayMs: 50,
    mixes: [hidden],
    busyMixes: [],
    paid: { amount: 10, payerSaysPaid: true, receiverSaysPaid: true, receipts: 2 },
    processes: 3,
    epochs: 4,
    stopped: false,
  }
  spoil(record)
  return record
}

test('every claim of a good run holds, and names its value', () => {
  const settled = settle(run())
  assert.equal(
    settled.filter(({ holds }) => !holds),
    [],
  )
  assert.is(settled.length, claims.length)
  assert.ok(settled.every(({ value }) => value !== undefined))
})

test('ids are unique and stable in form', () => {
  const ids = claims.map(({ id }) => id)
  assert.is(new Set(ids).size, ids.length)
  for (const id of ids) assert.match(id, /^[a-z]+(-[a-z]+)*$/)
})

/** A run of a crowd of ten, in which one alone and four together saw what the formula says. */
function crowdRun(spoil: (crowd: Mutable<CrowdRecord>) => void = () => {}): RunRecord {
  const sights = [0.4, 0.475, 0.55, 0.625].map((share, i) => ({
    colluders: i + 1,
    seen: 800,
    right: 800 * share,
  }))
  const stayed = { compared: 100, same: 100 }
  const crowd = {
    members: 10,
    forward: 0.75,
    colluders: 4,
    asked: 2700,
    answered: 2700,
    failures: [],
    sights,
    stayed,
  }
  spoil(crowd)
  return run(record => Object.assign(record, { wantedCrowd: true, crowd, messages: [], nodes: [] }))
}

test('every claim of a good run of a crowd holds, and none speaks of packets', () => {
  const settled = settle(crowdRun())
  assert.equal(
    settled.filter(({ holds }) => !holds),
    [],
  )
  assert.is(settled.filter(({ id }) => id.startsWith('crowd-')).length, 5)
  assert.not.ok(settled.some(({ id }) => id.startsWith('messages-') || id === 'counters-sum'))
})

const saw = (crowd: Mutable<CrowdRecord>, colluders: number, right: number): void => {
  crowd.sights = crowd.sights.map(sight => (sight.colluders === colluders ? { ...sight, right } : sight))
}

const spoiltCrowds: readonly [id: string, why: string, spoil: (crowd: Mutable<CrowdRecord>) => void][] = [
  ['crowd-answered', 'one was not', c => Object.assign(c, { answered: 2699 })],
  ['crowd-answered', 'nobody asked', c => Object.assign(c, { asked: 0, answered: 0 })],
  ['crowd-path-stays', 'one came another way', c => Object.assign(c, { stayed: { compared: 9, same: 8 } })],
  ['crowd-path-stays', 'none was seen', c => Object.assign(c, { stayed: { compared: 0, same: 0 } })],
  ['crowd-predecessor', 'one alone is right too often', c => saw(c, 1, 800 * 0.46)],
  ['crowd-predecessor', 'two are right too seldom', c => saw(c, 2, 800 * 0.42)],
  ['crowd-predecessor', 'nobody saw anything', c => Object.assign(c, { sights: [] })],
  ['crowd-innocence', 'too near to one half', c => saw(c, 1, 800 * 0.48)],
  ['crowd-innocence', 'the crowd is too small', c => Object.assign(c, { members: 5 })],
  ['crowd-too-many', 'too near to one half', c => saw(c, 4, 800 * 0.52)],
  ['crowd-too-many', 'the crowd is large enough', c => Object.assign(c, { members: 15 })],
]

for (const [id, why, spoil] of spoiltCrowds)
  test(`${id} does not hold: ${why}`, () => {
    assert.is(settle(crowdRun(spoil)).find(claim => claim.id === id)?.holds, false)
  })

const spoilt: readonly [id: string, why: string, spoil: (run: Mutable<RunRecord>) => void][] = [
  [
    'consensus-agreed',
    'two hashes of an epoch',
    r => r.consensus.push({ process: 'mix-0', epoch: 1, hash: 'c' }),
  ],
  ['consensus-agreed', 'nobody had one', r => r.consensus.splice(0)],
  ['consensus-agreed', 'one process never had one', r => r.consensus.splice(0, 1)],
  ['consensus-signed', 'one signature too few', r => r.documents.push({ epoch: 1, signatures: 1 })],
  ['consensus-signed', 'no document was seen', r => r.documents.splice(0)],
  ['epochs-passed', 'the run was over within one', r => Object.assign(r, { epochs: 1 })],
  ['messages-accepted', 'one was refused', r => delete r.messages[0]?.acceptedAt],
  ['messages-read-once', 'one was never read', r => r.messages[0]?.readAt.splice(0)],
  ['messages-read-once', 'one was read twice', r => r.messages[0]?.readAt.push(2100)],
  ['messages-read-once', 'other bytes arrived', r => r.strangers.push('d9')],
  [
    'messages-stored',
    'one was not acknowledged',
    r => Object.assign(r.messages[0] as object, { stored: false }),
  ],
  ['replies-arrived', 'one reply is missing', r => r.messages[1]?.replyReadAt.splice(0)],
  ['replies-arrived', 'one reply came twice', r => r.messages[1]?.replyReadAt.push(3100)],
  ['replier-untold', "the sender's address was in it", r => r.exposed.push('client-1 was told of client-0')],
  ['counters-sum', 'a packet vanished', r => Object.assign(r.nodes[0]?.packets as object, { received: 7 })],
  ['counters-sum', 'no node was asked', r => r.nodes.splice(0)],
  ['paths-layered', 'no path was seen', r => r.paths.splice(0)],
  [
    'paths-layered',
    'layers in the wrong order',
    r => r.paths.push({ client: 'c', epoch: 0, hops: ['g0', 'm1', 'm0', 'm2', 'g1'] }),
  ],
  [
    'paths-layered',
    'a layer is missing',
    r => r.paths.push({ client: 'c', epoch: 0, hops: ['g0', 'm0', 'm1', 'g1'] }),
  ],
  [
    'paths-layered',
    'it ends at a mix',
    r => r.paths.push({ client: 'c', epoch: 0, hops: ['g0', 'm0', 'm1', 'm2', 'm2'] }),
  ],
  ['paths-layered', 'a mix of another epoch', r => r.paths.push({ client: 'c', epoch: 5, hops })],
  ['kill-survived-mix', 'nobody was killed', r => r.kills.splice(0)],
  [
    'kill-survived-mix',
    'nothing was in flight',
    r => r.kills.splice(0, 1, { kind: 'mix', name: 'm', at: 1, epoch: 0, inFlight: 0 }),
  ],
  ['kill-survived-mix', 'a message was lost', r => r.messages[0]?.readAt.splice(0)],
  ['kill-survived-gateway', 'it did not come back', r => delete r.kills[1]?.backAt],
  ['kill-survived-authority', 'it did not come back', r => delete r.kills[2]?.backAt],
  ['epochs-kept', 'one has no document', r => r.documents.splice(2, 1)],
  ['epochs-kept', 'it ended before the rounds showed', r => Object.assign(r, { epochs: 3 })],
  ['kill-survived-authorities', 'none was killed', r => r.kills.splice(3)],
  ['orphans-go-on', 'one did not say so', r => r.late.splice(0)],
  ['orphans-go-on', 'nothing was sent then', r => Object.assign(r.late[0] as object, { at: 8000 })],
  ['orphans-go-on', 'it was read too late', r => Object.assign(r.late[0] as object, { worksUntil: 1500 })],
  ['payment-join', 'there was none', r => Object.assign(r, { join: undefined })],
  ['payment-paid', 'there was none', r => Object.assign(r, { paid: undefined })],
  [
    'payment-paid',
    'a third person holds the receipt',
    r => Object.assign(r, { paid: { ...r.paid, receipts: 3 } }),
  ],
  [
    'payment-paid',
    'the receiver knows nothing of it',
    r => Object.assign(r, { paid: { ...r.paid, receiverSaysPaid: false } }),
  ],
  [
    'payment-join',
    'one peer was left out',
    r => Object.assign(r.join as object, { size: 7, effectiveSet: 7 }),
  ],
  [
    'payment-join',
    'an output is of another amount',
    r => Object.assign(r.join as object, { effectiveSet: 7 }),
  ],
  ['payment-join', 'one peer was not paid', r => Object.assign(r.join as object, { paid: 7 })],
  ['one-a-round', 'nobody looked', r => Object.assign(r, { rounds: undefined })],
  ['one-a-round', 'too few were seen', r => Object.assign(r.rounds as object, { rounds: 19 })],
  ['one-a-round', 'one has none', r => Object.assign(r.rounds as object, { missed: ['client-1 7'] })],
  ['one-a-round', 'one has two', r => Object.assign(r.rounds as object, { doubled: ['client-1 7'] })],
  ['one-a-round', 'one began alone', r => Object.assign(r.rounds as object, { withAnEpoch: 5 })],
  ['anonymity-as-simulated', 'nothing was seen', r => r.mixes.splice(0)],
  [
    'anonymity-as-simulated',
    'another mix hides less',
    r => r.mixes.push({ ...hidden, observed: { bits: 2.6, place: 0.5 } }),
  ],
  [
    'anonymity-as-simulated',
    'a mix hides more',
    r => r.mixes.splice(0, 1, { ...hidden, observed: { bits: 3.4, place: 0.5 } }),
  ],
  [
    'anonymity-as-simulated',
    'the oldest leaves more often',
    r => r.mixes.splice(0, 1, { ...hidden, observed: { bits: 3, place: 0.3 } }),
  ],
  [
    'anonymity-as-simulated',
    'it is never known which leaves',
    r => r.mixes.splice(0, 1, { ...hidden, observed: { bits: 3, place: Number.NaN } }),
  ],
  [
    'anonymity-as-simulated',
    'too little was seen to find half the delay',
    r => r.mixes.splice(0, 1, { ...hidden, halfBits: 2.8 }),
  ],
  [
    'none-failed',
    'one ended by itself',
    r => r.endings.push({ name: 'mix-0', code: 1, signal: null, asked: undefined }),
  ],
  ['stopped-clean', 'a port is open', r => r.openPorts.push('mix-0 127.0.0.1:4101')],
  [
    'stopped-clean',
    'one did not obey',
    r => r.endings.push({ name: 'mix-0', code: null, signal: 'SIGKILL', asked: 'SIGTERM' }),
  ],
  ['stopped-clean', 'one is still there', r => r.endings.splice(1)],
]

for (const [id, why, spoil] of spoilt) {
  test(`${id} breaks when ${why}`, () => {
    const settled = settle(run(spoil)).find(claim => claim.id === id)
    assert.is(settled?.holds, false)
  })
}

test('mixes whose machine had no time for them are named, and where all are nothing is claimed of them', () => {
  const of = (spoil: (r: Mutable<RunRecord>) => unknown): unknown =>
    settle(run(r => void spoil(r))).find(({ id }) => id === 'anonymity-as-simulated')?.holds
  assert.is(
    of(r => r.busyMixes.push('mix-1')),
    true,
  )
  assert.is(
    of(r => Object.assign(r, { mixes: [], busyMixes: ['mix-0', 'mix-1'] })),
    undefined,
  )
})

test('every claim can break', () => {
  assert.equal(
    claims.map(({ id }) => id).filter(id => !spoilt.some(([broken]) => broken === id)),
    [],
  )
})

/** A run of which nothing was seen but that its processes started and ended. */
const unseen = (r: Mutable<RunRecord>): void =>
  void Object.assign(r, {
    consensus: [],
    late: [],
    documents: [],
    messages: [{ ...message(0), stored: false, readAt: [], replyReadAt: [] }],
    nodes: [],
    paths: [],
    kills: [],
    endings: [{ name: 'mix-0', code: null, signal: 'SIGTERM', asked: 'SIGTERM' }],
    join: undefined,
    paid: undefined,
    epochs: 0,
  })

test('a run that is stopped early breaks nothing that it did not see; one that went to its end does', () => {
  const stopped = settle(run(r => Object.assign(r, { stopped: true }, unseen(r))))
  assert.equal(
    stopped.filter(({ measured }) => measured),
    [],
  )
  const whole = settle(run(unseen)).filter(({ measured, holds }) => measured && !holds)
  assert.ok(whole.length > 10, `${whole.length}`)
})

test('a run that is stopped early still names what it saw break', () => {
  const seen = [
    ['consensus-agreed', 'two hashes of an epoch'],
    ['consensus-signed', 'one signature too few'],
    ['messages-read-once', 'one was read twice'],
    ['messages-read-once', 'other bytes arrived'],
    ['replies-arrived', 'one reply came twice'],
    ['replier-untold', "the sender's address was in it"],
    ['counters-sum', 'a packet vanished'],
    ['paths-layered', 'it ends at a mix'],
    ['none-failed', 'one ended by itself'],
    ['stopped-clean', 'a port is open'],
    ['stopped-clean', 'one did not obey'],
  ]
  for (const [id, why] of seen) {
    const spoil = spoilt.find(([of, because]) => of === id && because === why)?.[2]
    const settled = settle(
      run(r => {
        spoil?.(r)
        r.stopped = true
      }),
    )
    const broken = settled.filter(({ measured }) => measured).map(claim => [claim.id, claim.holds])
    assert.equal(broken, [[id, false]], why)
  }
})

test('what is told of a run that was stopped: what was seen so far, and no time that nobody took', () => {
  const done = report(run(r => Object.assign(r, { stopped: true }, unseen(r))))
  const lines = [...claimLines(done.claims), ...summaryLines(done, 12)].join('\n')
  assert.match(
    lines,
    'stopped before the claims were settled: 0 of 12 messages read and 0 replies back so far',
  )
  assert.not.match(lines, /BROKEN|null|lost/)
  const whole = report(run(unseen))
  assert.match([...claimLines(whole.claims), ...summaryLines(whole, 12)].join('\n'), /BROKEN/)
})

test('a kill that was not asked for is no claim', () => {
  const ids = settle(run(r => Object.assign(r, { wantedKills: [] }))).map(({ id }) => id)
  assert.not.ok(ids.some(id => id.startsWith('kill-survived')))
})

test('a message that was never accepted is not lost', () => {
  assert.is(
    lost(run(r => Object.assign(r.messages[0] as object, { acceptedAt: undefined, readAt: [] }))).length,
    0,
  )
})

test.run()
