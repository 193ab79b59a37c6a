// What a page on a daemon shows of what happened while it did not listen: states are as honest afterwards as before.
// And what is too long to draw, which anybody can send, is saved and not drawn.

import { readFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { en } from '../../web/texts/en.ts'
import { startBrowser, until } from './browser.ts'
import { type DaemonWorld, daemonWorld } from './daemon-world.ts'

const test = suite<{ browser: Browser; world: DaemonWorld }>('a page that was away')

test.before(async context => {
  context.world = await daemonWorld(15)
  const { alice, bob } = context.world
  await alice.contacts.add('bob', bob.address)
  await bob.contacts.add('alice', alice.address)
  context.browser = await startBrowser()
})

test.after(async ({ browser, world }) => {
  await browser.close()
  await world.close()
})

test('a message that moved on while the page heard nothing shows how far it is, and one that came is there once', async ({
  browser,
  world: { alice, bob, ...world },
}) => {
  const { page, complaints } = await world.open(browser)
  await page.evaluate("location.hash = '#messages/c:bob'")
  const field = page.getByRole('textbox', { name: en.compose.message, exact: true })
  await field.fill('first')
  await page.keyboard.press('Enter')
  await page.locator('.message.me', { hasText: 'first' }).getByText(en.states.received).waitFor()

  const { id } = await alice.send(bob.address, 'is under way when the line is cut', {
    from: true,
    keep: true,
  })
  await page.locator('.message.me', { hasText: 'under way' }).waitFor()
  await page.context().setOffline(true)
  await page.getByText(en.state.away).waitFor()
  await until(async () => (alice.message(id)?.state === 'received' ? [1] : []))
  await bob.send(alice.address, 'meanwhile', { from: true })
  await until(async () => (await alice.inbox()).filter(({ text }) => text === 'meanwhile'))
  await page.context().setOffline(false)

  await page.locator('.message.me', { hasText: 'under way' }).getByText(en.states.received).waitFor()
  await page.locator('.message.them', { hasText: 'meanwhile' }).waitFor()
  assert.is(await page.locator('.message').count(), 3)
  await bob.send(alice.address, 'afterwards', { from: true })
  await page.locator('.message.them', { hasText: 'afterwards' }).waitFor()
  assert.is(await page.locator('.message').count(), 4)
  assert.equal(
    complaints.all.filter(one => !one.includes('ERR_INTERNET_DISCONNECTED')),
    [],
  )
})

test('a text that is too long to draw is saved, whole; a shorter one is drawn', async ({
  browser,
  world: { alice, bob, ...world },
}) => {
  const { page, complaints } = await world.open(browser)
  await page.evaluate("location.hash = '#messages/c:bob'")
  const short = 'ö'.repeat(5000)
  await bob.send(alice.address, short, { from: true })
  await page.locator('.message.them', { hasText: short }).waitFor()
  const long = 'ä'.repeat(15_000)
  const { id } = await bob.send(alice.address, long, { from: true })
  const entry = page.locator('.message.them').filter({ has: page.locator('.file') })
  const saving = page.waitForEvent('download')
  await entry.getByRole('button', { name: en.files.save }).click()
  const saved = await saving
  assert.is(saved.suggestedFilename(), `${id.slice(0, 8)}.txt`)
  assert.is(readFileSync(await saved.path(), 'utf8'), long)
  assert.is(await page.getByText('ääää').count(), 0)
  assert.equal(complaints.all, [])
})

test.run()
