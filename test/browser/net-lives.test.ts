// The page of `chaffinch net --page` (docs/spec/pages.md 6) with a network of processes behind it: it shows what they
// are, a message goes by hand and is read, and while a gateway is killed and a mix stopped and started again, from the
// page, every message arrives once. What an observer sees stands beside what is true.
// needs: dist

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { de } from '../../web/texts/de.ts'
import { openPage, startBrowser } from './browser.ts'

interface World {
  browser: Browser
  net: ChildProcess
  /** Gives what it has printed so far, on standard error. */
  said: () => string
}

const test = suite<World>('the page of a network of processes')
const program = join(import.meta.dirname, '..', '..', 'dist', 'scripts', 'chaffinch.js')
const size = ['--authorities', '1', '--mixes', '3', '--gateways', '2', '--clients', '3']
const texts = de.net

test.before(async context => {
  const args = [program, 'net', '--page', '--stay', '--kill', 'none', '--messages', '3', ...size]
  const net = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  net.stderr?.on('data', chunk => {
    said += chunk
  })
  Object.assign(context, { net, said: () => said })
  context.browser = await startBrowser()
})

test.after(async ({ browser, net }) => {
  await browser.close()
  if (net.exitCode === null) {
    net.kill('SIGINT')
    await once(net, 'exit')
  }
})

/** Waits for as long as the file may take. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(resolve => setTimeout(resolve, 250))
}

const go = (page: Page, section: string): Promise<unknown> => page.evaluate(`location.hash = '#${section}'`)

/** Rows of messages whose text begins so, as the page shows them. */
function rowsOf(page: Page, text: string): Promise<string[]> {
  return page.getByRole('row').filter({ hasText: text }).allInnerTexts()
}

test('its address is printed first; what runs is shown, messages go by hand and survive what is done to nodes', async ({
  browser,
  net,
  said,
}) => {
  await until(() => said().includes('\n'))
  const [first = ''] = said().split('\n')
  assert.match(first, /^look at it: http:\/\/127\.0\.0\.1:\d+\/ui\/#[\w-]{22}$/)
  const { page, complaints } = await openPage(browser, { locale: 'de-DE' })
  page.setDefaultTimeout(0)
  await page.goto(first.slice('look at it: '.length))
  await page.getByText(texts.run(9, 9)).waitFor()
  await until(() => said().includes('curl'))

  // The network as it is: nodes that forward, a document, clients with nothing left to send
  await page.getByRole('row', { name: /^mix-0 .*Schicht/ }).waitFor()
  await page.getByText(/, von 1 von 1 unterschrieben/).waitFor()
  assert.is((await page.locator('.topology [data-id]').count()) >= 5, true)

  await go(page, 'messages')
  await page.getByLabel(texts.from).selectOption('client-0')
  await page.getByLabel(texts.to, { exact: true }).selectOption('client-2')
  const field = page.getByRole('textbox', { name: de.compose.message })
  await field.fill('von Hand')
  await page.keyboard.press('Enter')
  await until(async () =>
    (await rowsOf(page, 'von Hand')).some(row => row.includes(texts.messageStates.read)),
  )

  // Ten are under way when a gateway dies and a mix stands still
  await field.fill('trotzdem')
  await page.getByRole('button', { name: texts.sendMany(10) }).click()
  await until(async () => (await rowsOf(page, 'trotzdem')).length === 10)
  await go(page, 'network')
  const press = (what: keyof typeof texts.acts, name: string): Promise<void> =>
    page.getByRole('button', { name: `${texts.acts[what]} ${name}`, exact: true }).click()
  await press('kill', 'gateway-0')
  await press('stop', 'mix-1')
  await page.getByText(texts.run(7, 9)).waitFor()
  assert.is((await page.locator('.topology [data-id="gateway-0"].bad').count()) > 0, true)
  await press('resume', 'mix-1')
  await press('start', 'gateway-0')
  await page.getByText(texts.run(9, 9)).waitFor()
  await go(page, 'messages')
  await until(async () => {
    const rows = await rowsOf(page, 'trotzdem')
    return rows.filter(row => row.includes(texts.messageStates.read)).length === 10
  })
  for (const row of await rowsOf(page, 'trotzdem')) assert.not.match(row, /-mal/, 'none is read twice')

  await go(page, 'seen')
  await page.locator('.times .bytes').first().waitFor()
  assert.ok((await page.locator('.times .bytes').count()) > 60, 'an observer sees bytes all the time')
  assert.ok((await page.locator('.times .there').count()) > 0, 'beside them what is true')
  await page.getByLabel(texts.linksOf).selectOption('mix-1')
  await page
    .getByText(/(mix-1|gateway-\d) → (gateway-\d|mix-1)/)
    .first()
    .waitFor()
  await go(page, 'events')
  await page
    .getByText(/gateway-0/)
    .first()
    .waitFor()
  await go(page, 'claims')
  const readOnce = page.getByRole('row', { name: texts.says['messages-read-once'] })
  await readOnce.getByText(texts.claimStates.holds).waitFor()
  assert.equal(complaints.all, [])

  net.kill('SIGINT')
  await once(net, 'exit')
  assert.match(said(), /all processes have ended/)
  await page.getByText(de.state.away).waitFor()
})

test.run()
