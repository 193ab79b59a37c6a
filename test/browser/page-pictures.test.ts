// The pictures of the pages in docs/guide/pages: with PICTURES=FOLDER they are written there, else only looked at. They
// stay small, so that the repository does.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startBrowser } from './browser.ts'
import { type DaemonWorld, daemonWorld } from './daemon-world.ts'

const test = suite<{ browser: Browser; world: DaemonWorld }>('pictures of the pages')
const folder = process.env['PICTURES']
const mostBytes = 150_000

test.before(async context => {
  context.world = await daemonWorld(14)
  context.browser = await startBrowser()
})

test.after(async ({ browser, world }) => {
  await browser.close()
  await world.close()
})

test('messages, a contact, what is hidden, the network', async ({ browser, world }) => {
  const { alice, bob } = world
  await alice.contacts.add('bob', bob.address)
  await bob.contacts.add('alice', alice.address)
  const { page, complaints } = await world.open(browser, { viewport: { width: 1000, height: 640 } })
  await page.evaluate("location.hash = '#messages/c:bob'")
  const message = page.getByRole('textbox', { name: 'Message' })
  await message.fill('Shall we meet on Thursday?')
  await page.keyboard.press('Enter')
  await page.locator('.sent', { hasText: /mailbox|program/ }).waitFor()
  await bob.send(alice.address, 'Thursday is fine. I bring the papers.', { from: true })
  await page.locator('.message.them').waitFor()
  for (const [name, hash, shown] of [
    ['messages', 'messages/c:bob', '.message.them'],
    ['contact', 'contacts/bob', '.words li:nth-child(12)'],
    ['hidden', 'hidden', '.chart canvas'],
    ['network', 'network', '.topology .way'],
  ] as const) {
    await page.evaluate(`location.hash = '#${hash}'`)
    await page.locator(shown).first().waitFor({ state: 'attached' })
    const picture = await page.screenshot()
    assert.ok(picture.length < mostBytes, `${name}: ${picture.length}`)
    if (folder === undefined) continue
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, `${name}.png`), picture)
  }
  assert.equal(complaints.all, [])
})

test.run()
