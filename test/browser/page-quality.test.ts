// The page of a client for everybody: what axe finds, on a telephone and on a wall, in the light and in the dark, by
// keyboard alone, and without motion.

import type { Browser } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { en } from '../../web/texts/en.ts'
import { openPage, startBrowser, until, violations } from './browser.ts'
import { type DaemonWorld, daemonWorld } from './daemon-world.ts'

const test = suite<{ browser: Browser; world: DaemonWorld }>('the page for everybody')
const sections = [
  ...['messages', 'requests', 'contacts', 'hidden', 'network'],
  ...['services', 'bulletin', 'payments', 'identities', 'log'],
]

test.before(async context => {
  context.world = await daemonWorld(13)
  await context.world.alice.contacts.add('bob', context.world.bob.address)
  context.browser = await startBrowser()
})

test.after(async ({ browser, world }) => {
  await browser.close()
  await world.close()
})

for (const colorScheme of ['light', 'dark'] as const)
  test(`axe finds nothing serious in any section, ${colorScheme}`, async ({ browser, world }) => {
    const { page } = await world.open(browser, { colorScheme })
    for (const section of [...sections, 'messages/new', 'messages/c:bob', 'contacts/bob']) {
      await page.evaluate(`location.hash = '#${section}'`)
      await page.locator('main h2, main .list').first().waitFor()
      assert.equal(await violations(page), [], section)
    }
  })

test('axe finds nothing serious in dialogs, and on the page of a tab that was not let in', async ({
  browser,
  world,
}) => {
  const { page } = await world.open(browser)
  for (const [section, opens] of [
    ['contacts/bob', en.contacts.forget],
    ['identities', en.identities.export],
  ] as const) {
    await page.evaluate(`location.hash = '#${section}'`)
    const opener = page.getByRole('button', { name: opens, exact: true }).first()
    await opener.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    assert.equal(await violations(page), [], section)
    // What is asked is called off by keyboard, and whoever asked goes on where they were
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    assert.ok(await opener.evaluate(button => button === button.ownerDocument.activeElement), section)
  }
  const { page: stranger } = await openPage(browser)
  await stranger.goto(`${world.api.url}/ui/`)
  await stranger.getByText(en.closed.why.none).waitFor()
  assert.equal(await violations(stranger), [])
})

for (const width of [360, 3840])
  test(`every section fits a screen of ${width} pixels`, async ({ browser, world }) => {
    const { page } = await world.open(browser, { viewport: { width, height: 800 } })
    for (const section of [...sections, 'messages/c:bob', 'contacts/bob']) {
      await page.evaluate(`location.hash = '#${section}'`)
      await page.locator('main h2, main .list').first().waitFor({ state: 'attached' })
      assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= width, section)
    }
  })

test('a message is written and sent by keyboard alone', async ({ browser, world }) => {
  const { page } = await world.open(browser)
  await page.getByRole('link', { name: 'Contacts' }).waitFor()
  const focused = (): Promise<unknown> => page.evaluate('document.activeElement.textContent')
  const tabTo = async (name: string): Promise<void> => {
    for (let n = 0; n < 60 && (await focused()) !== name; n++) await page.keyboard.press('Tab')
    assert.is(await focused(), name)
    await page.keyboard.press('Enter')
  }
  await page.keyboard.press('Tab')
  assert.is(await focused(), 'To the content', 'the first stop leads past the navigation')
  await tabTo('Contacts')
  await tabTo('bob')
  await page.getByRole('heading', { name: 'bob' }).waitFor()
  await tabTo('Write')
  const isWriting = "document.activeElement.tagName === 'TEXTAREA'"
  await page.getByRole('textbox', { name: 'Message' }).waitFor()
  for (let n = 0; n < 60 && !(await page.evaluate(isWriting)); n++) await page.keyboard.press('Tab')
  await page.keyboard.type('by keyboard')
  await page.keyboard.press('Enter')
  await until(async () => (await world.bob.inbox()).filter(({ text }) => text === 'by keyboard'))
})

test('nothing moves where the reader wants no motion', async ({ browser, world }) => {
  const { page } = await world.open(browser, { reducedMotion: 'reduce' })
  await page.getByRole('navigation').waitFor()
  const moving = `[...document.querySelectorAll('*')].filter(e => parseFloat(getComputedStyle(e).transitionDuration) > 0 || getComputedStyle(e).animationName !== 'none').length`
  assert.is(await page.evaluate(moving), 0)
})

test.run()
