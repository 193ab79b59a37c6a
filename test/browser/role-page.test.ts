// The operator's page on a status port (docs/spec/pages.md 5), of a mix, a gateway, an authority and a member of a
// crowd, in both languages. What they say of themselves is handed in, as `/status` gives it.

import type { Browser, Page } from 'playwright-core'
import { Registry } from 'prom-client'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { AuthorityStatus as OfAuthority } from '../../directory/authority/index.ts'
import type { NodeStatus as OfNode } from '../../node/index.ts'
import type { MemberStatus as OfMember } from '../../services/crowds/index.ts'
import { de } from '../../web/texts/de.ts'
import { en } from '../../web/texts/en.ts'
import type { Loopback } from '../../world/http.ts'
import { silent } from '../../world/log.ts'
import { LogLines } from '../../world/log-lines.ts'
import { countHost } from '../../world/resources.ts'
import { serveStatusPort } from '../../world/status-port.ts'
import { openPage, picture, pictureSize, startBrowser, until, violations } from './browser.ts'

const test = suite<{ browser: Browser }>('the page of an operator')
const id = 'a'.repeat(64)

test.before(async context => {
  context.browser = await startBrowser()
})

test.after(async ({ browser }) => {
  await browser.close()
})

async function served(status: () => object): Promise<Loopback> {
  const lines = new LogLines(Date.now)
  lines.around(silent).info({}, 'ready')
  const token = 'the token of an operator'
  const ready = (): boolean => true
  return await serveStatusPort({
    port: 0,
    token,
    version: '1',
    metrics: new Registry(),
    status,
    ready,
    lines,
  })
}

let received = 0
const directory = { late: null, splits: [], troubles: [] }
const consensus = { epoch: 7, hash: '5f'.repeat(32), signers: [id, id, id], validUntil: Date.now() + 600_000 }

function mix(): OfNode {
  received += 100
  return {
    ...{
      role: 'mix',
      id,
      state: 'running',
      epoch: 7,
      clockErrorMs: 0,
      consensus,
      directory,
      listed: true,
      layer: 1,
    },
    standing: { running: true, reliable: true },
    refusals: [{ authority: id, code: 'NOT_ADMITTED', why: 'of no known family' }],
    packets: {
      received,
      forwarded: received,
      stored: 0,
      served: 0,
      held: 5,
      dropped: { BAD_MAC: 3, REPLAY: 1 },
    },
    loops: { sent: 20, returned: 19, cover: 0 },
    alarm: { raised: true, wary: true, since: Date.now() - 60_000, count: 1, usualLoss: 0.02 },
    neighbours: [
      {
        ...{ id: 'b'.repeat(64), state: 'open', queued: 2, sent: 9 },
        dropped: { FULL: 4 } as unknown as OfNode['neighbours'][0]['dropped'],
        loops: { sent: 4, returned: 4 },
      },
    ],
    ...{ upstream: [], peeling: { waiting: 6, heldBack: 2, threads: 0 }, shut: { times: 3, nodes: [] } },
    ...{ keys: { epochs: [7, 8, 9, 10] }, replay: { tags: 12 }, disk: { refusals: 0, failing: [] } },
    bulletin: {
      ...{ entries: 3, bytes: 900, peers: 6, published: 1, heard: 2, fetched: 0 },
      ...{ refused: {}, outbid: 0, evicted: 0, expelled: 0 },
    },
    count: null,
    mail: null,
  }
}

/** One that ends, with a clock that is wrong and a document that is old, and mail besides. */
function gateway(): OfNode {
  const [channels, carries] = [{ open: 1 }, { channels: 2 }]
  return {
    ...mix(),
    ...{ role: 'gateway', state: 'draining', layer: -1, clockErrorMs: 90_000 },
    directory: { ...directory, late: { since: Date.now() - 60_000, worksUntil: Date.now() + 3_600_000 } },
    mail: {
      ...{ mailboxes: 9, entries: 30, bytes: 60_000, drivenOut: 0, clients: 4, turnedAway: 2, shed: 0 },
      load: { capacity: 500, cores: 0.1, costMs: 1 },
      ...({ channels, carries } as unknown as Pick<NonNullable<OfNode['mail']>, 'channels' | 'carries'>),
    },
  }
}

function authority(): OfAuthority {
  const refused = { code: 'NO_ANSWER', why: 'nobody answers at its address' } as const
  return {
    ...{ role: 'authority', id, epoch: 7, clockErrorMs: 0, state: 'votes', consensus, nodes: 8, evidence: 0 },
    authorities: [{ id: 'c'.repeat(64), seen: null }],
    rounds: { published: 6, failed: 1 },
    refused: { NO_ANSWER: 2 } as OfAuthority['refused'],
    applicants: [{ id: 'd'.repeat(64), identity: id, role: 'mix', addresses: [], at: Date.now(), refused }],
  }
}

function member(): OfMember {
  return {
    ...{ role: 'member', id, epoch: 7, consensus, directory, listed: true, members: 6, paths: 4 },
    ...{ pathsRefused: 1, forwarded: 21, submitted: 8 },
    asked: { answered: 9, stale: 0, full: 1, broken: 2, unknown: 0, failed: 0 },
  }
}

const all = [mix, gateway, authority, member]
const sections = ['how', 'rates', 'refusals', 'log']

for (const [locale, { operator, net, log, network, sections }] of [
  ['en-US', en] as const,
  ['de-DE', de] as const,
]) {
  const go = (page: Page, name: string): Promise<void> =>
    page.getByRole('navigation').getByRole('link', { name }).click()

  test(`${locale}: a mix: standing, alarm, keys, neighbours, rates, refusals with shares, log`, async ({
    browser,
  }) => {
    const stop = countHost(() => ({
      ...{ listeners: 0, pendingDials: 0, bytesIn: 9, bytesOut: 9 },
      refusals: { connections: { FULL: 3, RATE: 1 } },
      crowded: { connections: { stranger: 4 } },
    }))
    await using server = await served(mix)
    const { page, complaints } = await openPage(browser, { locale })
    await page.goto(server.pageUrl())
    await page.getByText(operator.reliable, { exact: true }).waitFor()
    await page.getByText('of no known family').waitFor()
    await page.getByText('7, 8, 9, 10').waitFor()
    await page.getByRole('cell', { name: operator.states.open }).waitFor()
    assert.is(await page.locator('.warning').count(), 1)
    await go(page, operator.rates)
    await page.locator('.chart canvas').first().waitFor()
    await go(page, operator.refusals)
    await page.getByRole('row', { name: /BAD_MAC 3 75/ }).waitFor()
    const ofConnections = page.getByRole('table', { name: operator.placesOf.connections, exact: true })
    await ofConnections.getByRole('row', { name: /FULL \d 75/ }).waitFor()
    const byRank = page.getByRole('table', { name: operator.byRank(operator.placesOf.connections) })
    await byRank.getByRole('row', { name: /stranger \d 100/ }).waitFor()
    await go(page, sections.log)
    await page.getByText(log.messages.ready).waitFor()
    stop()
    assert.equal(complaints.all, [])
  })

  test(`${locale}: a gateway that ends, whose clock is wrong and whose document is old`, async ({
    browser,
  }) => {
    await using server = await served(gateway)
    const { page, complaints } = await openPage(browser, { locale })
    await page.goto(server.pageUrl())
    await page.getByText(operator.ends).waitFor()
    assert.is(await page.locator('.warning').count(), 4)
    await page.getByText(operator.clientsOf('4', '500')).waitFor()
    assert.ok((await page.getByText(network.late('').slice(0, 20)).count()) > 0)
    assert.equal(complaints.all, [])
  })

  test(`${locale}: an authority: rounds, the others, who applied`, async ({ browser }) => {
    await using server = await served(authority)
    const { page, complaints } = await openPage(browser, { locale })
    await page.goto(server.pageUrl())
    await page.getByText(operator.roundsOf('6', '1')).waitFor()
    await page.getByText(net.phases.votes).waitFor()
    await page.getByText('nobody answers at its address').waitFor()
    assert.equal(complaints.all, [])
  })

  test(`${locale}: a member of a crowd: the crowd, paths, what came of its own requests`, async ({
    browser,
  }) => {
    await using server = await served(member)
    const { page, complaints } = await openPage(browser, { locale })
    await page.goto(server.pageUrl())
    await page.getByText(operator.members('6')).waitFor()
    await page.getByText(operator.answeredOf('9', '12')).waitFor()
    await go(page, operator.refusals)
    await page.getByRole('row', { name: /broken 2 / }).waitFor()
    assert.equal(complaints.all, [])
  })
}

for (const [width, colorScheme] of [[360, 'light'] as const, [3840, 'dark'] as const])
  test(`${width} pixels, ${colorScheme}: every section of every role fits, and axe finds nothing serious`, async ({
    browser,
  }) => {
    for (const role of all) {
      await using server = await served(role)
      const { page } = await openPage(browser, { viewport: { width, height: 800 }, colorScheme })
      await page.goto(server.pageUrl())
      for (const section of sections) {
        await page.getByRole('navigation').waitFor()
        await page.evaluate(`location.hash = '#${section}'`)
        await page.locator('main h2').waitFor()
        const where = `${role.name} ${section}`
        assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= width, where)
        assert.equal(await violations(page), [], where)
      }
      await page.context().close()
    }
  })

test('every section is reached by keyboard alone', async ({ browser }) => {
  await using server = await served(mix)
  const { page } = await openPage(browser)
  await page.goto(server.pageUrl())
  await page.getByRole('navigation').waitFor()
  for (const section of sections.toReversed()) {
    const isThere = `document.activeElement.getAttribute('href') === '#${section}'`
    for (let n = 0; n < 60 && !(await page.evaluate(isThere)); n++) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.locator(`nav a[href="#${section}"][aria-current=page]`).waitFor()
  }
})

test('times along a chart are written as the reader writes them', async ({ browser }) => {
  for (const [locale, form] of [
    ['en-US', /\d:\d\d(:\d\d)?.?[AP]M/],
    ['de-DE', /^\d\d:\d\d(:\d\d)?$/],
  ] as const) {
    await using server = await served(mix)
    const { page } = await openPage(browser, { locale })
    // What is drawn on a canvas says nothing afterwards
    await page.addInitScript(`globalThis.drawn = []
      const fill = CanvasRenderingContext2D.prototype.fillText
      CanvasRenderingContext2D.prototype.fillText = function (text, ...at) { drawn.push(text); fill.call(this, text, ...at) }`)
    await page.goto(server.pageUrl())
    await page.getByRole('navigation').waitFor()
    await page.evaluate("location.hash = '#rates'")
    const times = await until(async () =>
      ((await page.evaluate('drawn')) as string[]).filter(text => text.includes(':')),
    )
    for (const time of times) assert.match(time, form)
  }
})

test('pictures of it, small', async ({ browser }) => {
  for (const role of [mix, authority, member]) {
    await using server = await served(role)
    const { page } = await openPage(browser, { viewport: pictureSize })
    await page.goto(server.pageUrl())
    await page.locator('main h2').waitFor()
    await picture(page, `operator-${role.name}`)
  }
})

test.run()
