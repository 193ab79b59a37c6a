// The page of the HTTP API (docs/spec/client-http.md 15) as a browser shows it: no script, nothing that axe finds
// serious, and readable on a telephone.

import type { Browser } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { serveClient } from '../../client/api/daemon.ts'
import type { Loopback } from '../../world/http.ts'
import { FakeNetwork } from '../client-network.ts'
import { openPage, startBrowser, violations } from './browser.ts'

const test = suite<{ browser: Browser; api: Loopback }>('the page of the HTTP API')

test.before(async context => {
  const net = new FakeNetwork({ seed: 5 })
  const { client } = await net.client('alice')
  context.api = await serveClient({ client, port: 0, token: 'x'.repeat(32) })
  context.browser = await startBrowser()
})

test.after(async ({ browser, api }) => {
  await browser.close()
  await api.close()
})

test('it shows every route, and runs no script', async ({ browser, api }) => {
  const { page, complaints } = await openPage(browser)
  const answer = await page.goto(`${api.url}/docs`)
  assert.is(answer?.status(), 200)
  assert.ok((await page.getByText('/messages').count()) > 0)
  assert.is(await page.locator('script').count(), 0)
  assert.equal(complaints.all, [])
})

test('axe finds nothing serious, in the light and in the dark', async ({ browser, api }) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await openPage(browser, { colorScheme })
    await page.goto(`${api.url}/docs`)
    assert.equal(await violations(page), [], colorScheme)
  }
})

test('it fits a screen of 360 pixels', async ({ browser, api }) => {
  const { page } = await openPage(browser, { viewport: { width: 360, height: 640 } })
  await page.goto(`${api.url}/docs`)
  assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= 360)
})

test.run()
