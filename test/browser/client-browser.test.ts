// The client in two browsers, on a network that lives (docs/spec/client-browser.md 18): two persons chat with
// examples/browser; one client of an origin at a time, with SharedWorkers and without; and nothing is lost or comes
// twice while epochs change, a gateway is killed, a page is frozen, and a whole browser is suspended.

import type { Browser, BrowserContext, Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openPage, startBrowser, until } from './browser.ts'
import { type ChatWorld, chatWorld } from './client-world.ts'

const test = suite<{ browser: Browser; world: ChatWorld }>('the client in browsers')

test.before(async context => {
  const counts = { authorities: 1, mixes: 3, gateways: 3, clients: 0 }
  // Slow clocks: the browsers want the processor
  const parameters = { payloadPerMinute: 180, loopPerMinute: 12, dropPerMinute: 12, readPerMinute: 120 }
  context.world = await chatWorld({ ...counts, epochMs: 15_000, parameters })
  context.browser = await startBrowser()
})

test.after(async ({ browser, world }) => {
  await browser.close()
  await world.close()
})

/** Opens a page of a person with a browser profile of their own, and waits for its address. */
async function personOf(
  browser: Browser,
  url: string,
): Promise<{ page: Page; complaints: readonly string[] }> {
  const { page, complaints } = await openPage(browser)
  await page.goto(url)
  return { page, complaints: complaints.all }
}

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

/** What a person's page of the network test keeps of its client. */
const told = {
  address: 'client.address',
  came: '[...came]',
  sent: '[...sent]',
  epoch: 'client.status().then(status => status.epoch)',
}

test('epochs pass, a gateway is killed, a page is frozen: nothing is lost, and nothing comes twice', async ({
  browser,
  world,
}) => {
  const url = `${world.url}/people.html`
  const [alice, bob] = [(await personOf(browser, url)).page, (await personOf(browser, url)).page]
  for (const page of [alice, bob])
    await page.waitForFunction('globalThis.client !== undefined', null, { timeout: 0 })
  const ask = <T>(page: Page, what: string): Promise<T> => page.evaluate(what) as Promise<T>
  const [her, his] = [await ask<string>(alice, told.address), await ask<string>(bob, told.address)]
  await ask(alice, `client.addContact('bob', '${his}')`)
  await ask(bob, `client.addContact('alice', '${her}')`)
  const begun = await ask<number>(alice, told.epoch)
  const say = (page: Page, to: string, text: string): Promise<string> => ask(page, `say('${to}', '${text}')`)

  await say(alice, his, 'a1')
  await say(bob, her, 'b1')
  await world.local.kill('gateway 0')
  await say(alice, his, 'a2')
  await say(bob, her, 'b2')

  // Her page stands still; her client does not: it says that it has what he writes
  const devtools = await alice.context().newCDPSession(alice)
  await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })
  await say(bob, her, 'b3')
  await until(async () => (await ask<string[]>(bob, told.sent)).filter(one => one === 'b3 received'))
  await devtools.send('Page.setWebLifecycleState', { state: 'active' })
  await world.local.restart('gateway 0')

  await until(async () => ((await ask<number>(alice, told.epoch)) >= begun + 2 ? [1] : []))
  await say(alice, his, 'a3')
  await say(bob, her, 'b4')
  const came = (page: Page): Promise<string[]> => ask(page, told.came)
  await until(async () => ((await came(bob)).length >= 3 && (await came(alice)).length >= 4 ? [1] : []))
  for (const [page, of] of [
    [alice, ['a1', 'a2', 'a3']],
    [bob, ['b1', 'b2', 'b3', 'b4']],
  ] as const)
    await until(async () => {
      const sent = await ask<string[]>(page, told.sent)
      return of.every(text => sent.includes(`${text} received`)) ? [1] : []
    })
  assert.equal((await came(bob)).sort(), ['a1', 'a2', 'a3'])
  assert.equal((await came(alice)).sort(), ['b1', 'b2', 'b3', 'b4'])
  await Promise.all([alice, bob].map(page => page.context().close()))
})

test.run()
