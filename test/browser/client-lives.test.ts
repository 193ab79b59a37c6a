// The client in browsers on a network that lives (docs/spec/client-browser.md 18): nothing is lost, and nothing comes
// twice, while an epoch passes, a gateway is killed and started again, and a page is suspended.

import type { Browser, Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startBrowser, until } from './browser.ts'
import { type ChatWorld, chatWorld, personOf, unhurried } from './client-world.ts'

const test = suite<{ browser: Browser; world: ChatWorld }>('clients in browsers while the network lives')

test.before(async context => {
  context.world = await chatWorld({ ...unhurried, epochMs: 30_000 })
  context.browser = await startBrowser()
})

test.after(async ({ browser, world }) => {
  await browser.close()
  await world.close()
})

/** Tells what is asked of a person's page. */
const told = {
  address: 'client.address',
  came: '[...came]',
  sent: '[...sent]',
  epoch: 'client.status().then(status => status.epoch)',
}

/** Suspends a page as browsers do with one that is long in the background, or has it go on. */
async function suspend(page: Page, state: 'frozen' | 'active'): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('Page.setWebLifecycleState', { state })
  await session.detach()
}

test('an epoch passes, a gateway is killed, a page is suspended: nothing is lost, and nothing comes twice', async ({
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

  await say(bob, her, 'b3')
  await world.local.restart('gateway 0')

  await until(async () => ((await ask<number>(alice, told.epoch)) >= begun + 1 ? [1] : []))
  await say(alice, his, 'a3')
  await say(bob, her, 'b4')
  const came = (page: Page): Promise<string[]> => ask(page, told.came)
  // While her page is frozen her client sends what it has accepted, and receives: it lives in the worker
  await say(alice, his, 'a4')
  await suspend(alice, 'frozen')
  await say(bob, her, 'b5')
  const isRead = async (page: Page, text: string): Promise<readonly number[]> =>
    (await came(page)).includes(text) ? [1] : []
  await until(() => isRead(bob, 'a4'))
  await until(async () => ((await ask<string[]>(bob, told.sent)).includes('b5 received') ? [1] : []))
  await suspend(alice, 'active')
  await say(bob, her, 'b6')
  await until(() => isRead(alice, 'b6'))
  await until(async () => ((await came(bob)).length >= 4 && (await came(alice)).length >= 6 ? [1] : []))
  for (const [page, of] of [
    [alice, ['a1', 'a2', 'a3', 'a4']],
    [bob, ['b1', 'b2', 'b3', 'b4', 'b5', 'b6']],
  ] as const)
    await until(async () => {
      const sent = await ask<string[]>(page, told.sent)
      return of.every(text => sent.includes(`${text} stored`)) ? [1] : []
    })
  assert.equal((await came(bob)).sort(), ['a1', 'a2', 'a3', 'a4'])
  assert.equal((await came(alice)).sort(), ['b1', 'b2', 'b3', 'b4', 'b5', 'b6'])
  await Promise.all([alice, bob].map(page => page.context().close()))
})

test.run()
