// Payments on the page of a client, with a wallet and a ledger behind it: one person asks for money in German, another
// sees what it costs in English, and signs. What a round makes of it: test/payment-api.test.ts.

import type { Browser, Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { serveClient } from '../../client/api/daemon.ts'
import { paymentApi } from '../../payment/api/routes.ts'
import { de } from '../../web/texts/de.ts'
import { en } from '../../web/texts/en.ts'
import type { Loopback } from '../../world/http.ts'
import { second } from '../../world/units.ts'
import { type PaymentWorld, type Person, paymentWorld } from '../payment-world.ts'
import { openPage, startBrowser } from './browser.ts'

const test = suite<{ browser: Browser; world: PaymentWorld }>('payments on a page')

test.before(async context => {
  context.world = await paymentWorld({ persons: 2 })
  await context.world.mint(10)
  context.browser = await startBrowser()
})

test.after(async ({ browser, world }) => {
  await browser.close()
  await world.close()
})

async function served({ client, payments }: Person, { w }: PaymentWorld): Promise<Loopback> {
  const paying = paymentApi({
    payments: async () => payments,
    on: tell => payments.on(tell),
    apps: new Set(),
    now: () => w.clock.now(),
  })
  return await serveClient({ client, port: 0, token: 'the token of the owner', parts: [paying] })
}

test('one asks, another sees what it costs and signs, and both see how it stands', async ({
  browser,
  world,
}) => {
  const [payer, receiver] = world.persons as [Person, Person]
  await using ofReceiver = await served(receiver, world)
  await using ofPayer = await served(payer, world)
  // The network's time passes while the pages look, as fast as this machine carries it
  let isOver = false
  const passing = (async () => {
    while (!isOver) {
      await world.w.clock.advance(second)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  })()
  const open = async (locale: string, api: Loopback): Promise<{ page: Page; all: readonly string[] }> => {
    const { page, complaints } = await openPage(browser, { locale })
    page.setDefaultTimeout(90 * second)
    await page.goto(api.pageUrl())
    // It has read its code by then, which stands where the section does
    await page.getByRole('navigation').waitFor()
    await page.evaluate("location.hash = '#payments'")
    return { page, all: complaints.all }
  }
  try {
    const [asks, pays] = [await open('de-DE', ofReceiver), await open('en-US', ofPayer)]
    const german = de.payments
    await asks.page.getByText(german.ask, { exact: true }).click()
    await asks.page.getByLabel(german.amount).fill('10')
    await asks.page.getByLabel(german.memo).fill('Tee <b>')
    await asks.page.getByRole('button', { name: german.make }).click()
    const request = (await asks.page.locator('.address').textContent()) ?? ''

    const english = en.payments
    await pays.page.getByText(english.pay, { exact: true }).click()
    await pays.page.getByLabel(english.request).fill(request)
    await pays.page.getByRole('button', { name: english.look }).click()
    const dialog = pays.page.getByRole('dialog')
    await dialog.getByText(english.linked).waitFor()
    await dialog.getByRole('button', { name: english.sign }).click()
    await pays.page.getByText(english.signed).waitFor()
    // How far it has come when a page is looked at hangs on the machine
    const since = ({ of }: typeof english | typeof german): { name: RegExp } => ({
      name: new RegExp(`^10 Tee <b> (${of('0', '10')}|${of('10', '10')})`),
    })
    await pays.page.getByRole('row', since(english)).waitFor()
    const { mixing, mixed, paying, paid } = english.states
    const states = [mixing, mixed, paying, paid].join('|')
    await pays.page.getByRole('row', { name: new RegExp(`^10 (${states})`) }).waitFor()
    await asks.page.getByRole('row', since(german)).waitFor()
    const [payment] = (await payer.payments.payments()).payments
    assert.equal([payment?.amount, payment?.memo], [10, 'Tee <b>'])
    assert.equal([...asks.all, ...pays.all], [])
  } finally {
    isOver = true
    await passing
  }
})

test.run()
