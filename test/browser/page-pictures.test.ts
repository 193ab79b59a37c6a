// The pictures of a person's page in docs/guide/pages (browser.ts, `picture`).

import type { Browser } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { picture, pictureSize, startBrowser } from './browser.ts'
import { type DaemonWorld, daemonWorld } from './daemon-world.ts'

const test = suite<{ browser: Browser; world: DaemonWorld }>('pictures of the pages')

test.before(async context => {
  context.world = await daemonWorld(14)
  context.browser = await startBrowser()
})

test.after(async ({ browser, world }) => {
  await browser.close()
  await world.close()
})

/** Stands for the board that the network of this file has not: two entries, as a daemon gives them. */
const posted = ['The meeting is in the library, at six.', 'Bring the leaflets that are left.'].map(
  (text, i) => ({
    ...{ id: `${i}`.repeat(64), seq: i, at: Date.now() - 3_600_000 * (2 - i) },
    ...{ text, base64: Buffer.from(text).toString('base64') },
  }),
)

test('messages, a request of a stranger, the bulletin, a contact, what is hidden, the network, services, identities, the log', async ({
  browser,
  world,
}) => {
  const { alice, bob } = world
  await alice.contacts.add('bob', bob.address)
  await bob.contacts.add('alice', alice.address)
  const { page, complaints } = await world.open(browser, { viewport: pictureSize })
  await page.evaluate("location.hash = '#messages/c:bob'")
  const message = page.getByRole('textbox', { name: 'Message' })
  await message.fill('Shall we meet on Thursday?')
  await page.keyboard.press('Enter')
  await page.locator('.sent', { hasText: /mailbox|program/ }).waitFor()
  await bob.send(alice.address, 'Thursday is fine. I bring the papers.', { from: true })
  await page.locator('.message.them').waitFor()
  await bob.send(alice.address, 'You do not know me. I read your leaflet, and want to help.')
  await page.getByRole('navigation').locator('.badge').waitFor()
  let isTold = false
  await page.route('**/bulletin/open*', async route => {
    const entries = isTold ? [] : posted
    isTold = true
    if (entries.length > 0) await route.fulfill({ json: { entries, next: 2 } })
  })
  await page.evaluate("location.hash = '#requests'")
  await page.locator('.list .badge').first().waitFor()
  await page.locator('.conversations a').first().click()
  await page.locator('.message.them', { hasText: 'leaflet' }).waitFor()
  await picture(page, 'requests')
  for (const [name, hash, shown] of [
    ['bulletin', 'bulletin', '.message.them >> nth=1'],
    ['messages', 'messages/c:bob', '.message.them'],
    ['contact', 'contacts/bob', '.words li:nth-child(12)'],
    ['hidden', 'hidden', '.chart canvas'],
    ['network', 'network', '.topology .way'],
    ['services', 'services', '.conversations button'],
    ['identities', 'identities', '.cards li'],
    ['log', 'log', '.log li'],
  ] as const) {
    await page.evaluate(`location.hash = '#${hash}'`)
    await page.locator(shown).first().waitFor({ state: 'attached' })
    await picture(page, name)
  }
  assert.equal(complaints.all, [])
})

test.run()
