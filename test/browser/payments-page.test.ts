// Payments on the page of a client, with wallets and a ledger behind it: one person asks for money in German, another
// sees what it costs in English, and signs; three join, and both pages show it until there is a receipt.

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
import { openPage, picture, pictureSize, startBrowser, violations } from './browser.ts'

const test = suite<{ browser: Browser; world: PaymentWorld }>('payments on a page')

test.before(async context => {
  context.world = await paymentWorld({ persons: 3 })
  await context.world.mint(10)
  context.browser = await startBrowser()
})

test.after(async ({ browser, world }) => {
  await browser.close()
  await world.close()
})

const token = 'the token of the owner'

async function served({ client, payments }: Person, { w }: PaymentWorld): Promise<Loopback> {
  const paying = paymentApi({
    payments: async () => payments,
    on: tell => payments.on(tell),
    apps: new Set(),
    now: () => w.clock.now(),
  })
  return await serveClient({ client, port: 0, token, parts: [paying] })
}

/** Has a person mix what they have, so that the payer does not join alone. */
async function mixes({ url }: Loopback): Promise<void> {
  const post = async (path: string, body: object): Promise<Record<string, string>> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    assert.ok(response.ok, `${path}: ${response.status}`)
    return (await response.json()) as Record<string, string>
  }
  const { quote } = await post('/pay/mix', { amount: 10 })
  await post(`/pay/quotes/${quote}`, {})
}

test('one asks, another sees what it costs and signs, and both see how it stands', async ({
  browser,
  world,
}) => {
  const [payer, receiver, third] = world.persons as [Person, Person, Person]
  await using ofReceiver = await served(receiver, world)
  await using ofPayer = await served(payer, world)
  await using ofThird = await served(third, world)
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
    // A round takes as long as this machine carries it
    page.setDefaultTimeout(0)
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
    await pays.page.getByRole('row', { name: /^10 Tee <b>/ }).waitFor()
    for (const one of [ofReceiver, ofThird]) await mixes(one)
    // Under way the page says what each piece waits for; then how large its join was, and that the receipt is there
    const whole = english.of('10', '10')
    await pays.page.getByRole('row', { name: `10 ${english.states.paid} 3` }).waitFor()
    await pays.page.getByRole('row', { name: `10 Tee <b> ${whole} ${english.there}` }).waitFor()
    await asks.page.getByRole('row', { name: `10 Tee <b> ${german.of('10', '10')}` }).waitFor()
    for (const { page } of [asks, pays]) {
      assert.equal(await violations(page), [])
      await page.setViewportSize({ width: 360, height: 700 })
      assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= 360)
    }
    const [payment] = (await payer.payments.payments()).payments
    assert.equal([payment?.amount, payment?.memo], [10, 'Tee <b>'])
    await pays.page.setViewportSize(pictureSize)
    await picture(pays.page, 'payments')
    assert.equal([...asks.all, ...pays.all], [])
  } finally {
    isOver = true
    await passing
  }
})

test.run()
