// The operator's page on a status port (docs/spec/pages.md 5), of a node and of an authority, in both languages. What
// they say of themselves is handed in, as `/status` gives it.

import type { Browser } from 'playwright-core'
import { Registry } from 'prom-client'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { de } from '../../web/texts/de.ts'
import { en } from '../../web/texts/en.ts'
import type { Loopback } from '../../world/http.ts'
import { silent } from '../../world/log.ts'
import { LogLines } from '../../world/log-lines.ts'
import { serveStatusPort } from '../../world/status-port.ts'
import { openPage, startBrowser, violations } from './browser.ts'

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

function mix(): object {
  received += 100
  return {
    ...{ role: 'mix', id, state: 'running', epoch: 7, consensus: null, listed: true, layer: 1 },
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
    neighbours: [{ id: 'b'.repeat(64), state: 'open', queued: 2, sent: 9, dropped: { FULL: 4 } }],
    ...{ disk: { refusals: 0, failing: [] }, replay: { tags: 12 }, mail: null },
  }
}

function authority(): object {
  const refused = { code: 'NO_ANSWER', why: 'nobody answers at its address' }
  return {
    ...{ role: 'authority', id, epoch: 7, state: 'votes', consensus: null, nodes: 8, evidence: 0 },
    authorities: [{ id: 'c'.repeat(64), seen: null }],
    rounds: { published: 6, failed: 1 },
    refused: { NO_ANSWER: 2 },
    applicants: [{ id: 'd'.repeat(64), identity: id, role: 'mix', addresses: [], at: Date.now(), refused }],
  }
}

for (const [locale, { operator, log, sections }] of [['en-US', en] as const, ['de-DE', de] as const]) {
  test(`${locale}: a mix: standing, alarm, neighbours, rates, refusals with shares, log`, async ({
    browser,
  }) => {
    await using server = await served(mix)
    const { page, complaints } = await openPage(browser, { locale })
    await page.goto(server.pageUrl())
    const go = (name: string): Promise<void> =>
      page.getByRole('navigation').getByRole('link', { name }).click()
    await page.getByText(operator.reliable, { exact: true }).waitFor()
    await page.getByText('of no known family').waitFor()
    assert.is(await page.locator('.warning').count(), 1)
    assert.equal(await violations(page), [])
    await go(operator.rates)
    await page.locator('.chart canvas').first().waitFor()
    assert.equal(await violations(page), [])
    await go(operator.refusals)
    await page.getByRole('row', { name: /BAD_MAC 3 75/ }).waitFor()
    await go(sections.log)
    await page.getByText(log.messages.ready).waitFor()
    assert.equal(complaints.all, [])
  })

  test(`${locale}: an authority: rounds, the others, who applied`, async ({ browser }) => {
    await using server = await served(authority)
    const { page, complaints } = await openPage(browser, { locale, viewport: { width: 360, height: 700 } })
    await page.goto(server.pageUrl())
    await page.getByText(operator.roundsOf('6', '1')).waitFor()
    await page.getByText('nobody answers at its address').waitFor()
    assert.equal(await violations(page), [])
    assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= 360)
    assert.equal(complaints.all, [])
  })
}

test.run()
