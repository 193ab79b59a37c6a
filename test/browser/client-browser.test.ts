// The client in browsers (docs/spec/client-browser.md 18): two persons chat with examples/browser, and one client of an
// origin runs at a time, with SharedWorkers and without.

import type { Browser, BrowserContext, Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { minute } from '../../world/units.ts'
import { startBrowser } from './browser.ts'
import { type ChatWorld, chatWorld, personOf, unhurried } from './client-world.ts'

const test = suite<{ browser: Browser; world: ChatWorld }>('the client in browsers')

test.before(async context => {
  context.world = await chatWorld({ ...unhurried, epochMs: 10 * minute })
  context.browser = await startBrowser()
})

test.after(async ({ browser, world }) => {
  await browser.close()
  await world.close()
})

async function addressOn(page: Page): Promise<string> {
  const mine = page.locator('#mine', { hasText: /^chaffinch_/ })
  await mine.waitFor({ timeout: 0 })
  return (await mine.textContent()) ?? ''
}

async function write(page: Page, text: string): Promise<void> {
  await page.getByLabel('Text').fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
}

test('two persons chat, each in a browser of their own; a page that begins again has what was said to it', async ({
  browser,
  world,
}) => {
  const [alice, bob] = [await personOf(browser, world.url), await personOf(browser, world.url)]
  const [her, his] = [await addressOn(alice.page), await addressOn(bob.page)]
  assert.is.not(her, his)
  await alice.page.getByLabel('To').fill(his)
  await write(alice.page, 'Hello <b>Bob</b>')
  const line = (page: Page, text: string) => page.locator('#said li').getByText(text, { exact: true })
  await line(bob.page, 'them: Hello <b>Bob</b>').waitFor({ timeout: 0 })
  await line(alice.page, 'me: Hello <b>Bob</b> (delivered)').waitFor({ timeout: 0 })
  assert.is(
    await bob.page.getByLabel('To').inputValue(),
    her,
    'her address, which she proves, is where he answers',
  )
  await write(bob.page, 'Hello Alice')
  await line(alice.page, 'them: Hello Alice').waitFor({ timeout: 0 })
  // Its only page goes, and with it the worker; what is kept is the browser's
  await alice.page.reload()
  assert.is(await addressOn(alice.page), her)
  await line(alice.page, 'them: Hello Alice').waitFor({ timeout: 0 })
  assert.is(await alice.page.locator('#said li').count(), 1)
  assert.equal([...alice.complaints, ...bob.complaints], [])
  await Promise.all([alice, bob].map(({ page }) => page.context().close()))
})

test('a second tab has the client of the first; without SharedWorkers it is told that it runs already', async ({
  browser,
  world,
}) => {
  const tab = async (context: BrowserContext): Promise<Page> => {
    const page = await context.newPage()
    await page.goto(world.url)
    return page
  }
  const shared = await browser.newContext()
  const [one, two] = [await tab(shared), await tab(shared)]
  assert.is(await addressOn(one), await addressOn(two))
  await one.close()
  await two.getByLabel('To').fill(await addressOn(two))
  await write(two, 'to myself')
  await two.locator('#said li').getByText('them: to myself').waitFor({ timeout: 0 })
  await shared.close()

  const own = await browser.newContext()
  await own.addInitScript('delete globalThis.SharedWorker')
  const first = await tab(own)
  const address = await addressOn(first)
  const second = await tab(own)
  await second.locator('#mine', { hasText: 'chat' }).waitFor({ timeout: 0 })
  assert.match((await second.locator('#mine').textContent()) ?? '', /open|use|another/)
  await first.close()
  const third = await tab(own)
  assert.is(await addressOn(third), address, 'the lock ends with its page')
  await own.close()
})

test.run()
