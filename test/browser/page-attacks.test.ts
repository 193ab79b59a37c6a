// Attacks on the page of a daemon (docs/threats.md): each with its control, in which the same attack succeeds.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { en } from '../../web/texts/en.ts'
import { openPage, startBrowser, until } from './browser.ts'
import { type DaemonWorld, daemonWorld, token } from './daemon-world.ts'

interface Context {
  browser: Browser
  world: DaemonWorld
  /** A site of somebody else, on another port of this machine. */
  evil: Server
  evilUrl: string
}

const test = suite<Context>('attacks on the page')
const json = { 'content-type': 'application/json' }

test.before(async context => {
  context.world = await daemonWorld(12)
  // As a name server of the attacker's would answer
  context.browser = await startBrowser(['--host-resolver-rules=MAP rebound.example 127.0.0.1'])
  context.evil = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<p>evil'))
  await new Promise<void>(resolve => context.evil.listen(0, '127.0.0.1', resolve))
  context.evilUrl = `http://127.0.0.1:${(context.evil.address() as AddressInfo).port}/`
})

test.after(async ({ browser, world, evil }) => {
  await browser.close()
  evil.close()
  await world.close()
})

/** Has a page ask for something; gives the status, or why there was none. */
async function ask(page: Page, url: string, init: object = {}): Promise<number | string> {
  const script = `fetch(${JSON.stringify(url)}, ${JSON.stringify(init)}).then(r => r.type === 'opaque' ? 'opaque' : r.status, e => String(e))`
  return (await page.evaluate(script)) as number | string
}

test('a name that leads here is refused (DNS rebinding); the address is not', async ({ browser, world }) => {
  const { page } = await openPage(browser)
  const rebound = world.api.url.replace('127.0.0.1', 'rebound.example')
  assert.is((await page.goto(`${rebound}/ui/`))?.status(), 403)
  assert.is(await ask(page, '/status', { headers: { authorization: `Bearer ${token}` } }), 403)
  assert.is((await page.goto(`${world.api.url}/ui/`))?.status(), 200)
  assert.is(await ask(page, '/status', { headers: { authorization: `Bearer ${token}` } }), 200)
})

test('a page of elsewhere can ask for nothing, with or without the token; the own one can', async ({
  browser,
  world,
  evilUrl,
}) => {
  const { page } = await openPage(browser)
  const { url } = world.api
  const body = JSON.stringify({ to: world.bob.address, text: 'from evil' })
  await page.goto(evilUrl)
  const before = world.alice.chores.queue(true).length
  assert.is(await ask(page, `${url}/messages`, { method: 'POST', mode: 'no-cors', body }), 'opaque')
  assert.is(await ask(page, `${url}/status`, { mode: 'no-cors' }), 'opaque')
  const headers = { ...json, authorization: `Bearer ${token}` }
  assert.match(
    String(await ask(page, `${url}/messages`, { method: 'POST', headers, body })),
    /Failed to fetch/,
  )
  assert.match(
    String(await ask(page, `${url}/ui/session`, { method: 'POST', body: '{}' })),
    /Failed to fetch/,
  )
  assert.is(world.alice.chores.queue(true).length, before)
  await page.setContent(`<a href="${url}/ui/">to the page</a>`)
  await page.getByRole('link').click()
  await page.getByText('BAD_ORIGIN').waitFor()
  await page.goto('about:blank')
  await page.goto(`${url}/ui/`)
  assert.is(await ask(page, `${url}/messages`, { method: 'POST', headers, body }), 202)
  assert.is(world.alice.chores.queue(true).length, before + 1)
})

test('an address opens the page once: replayed it opens nothing', async ({ browser, world }) => {
  const address = world.api.pageUrl()
  const { page } = await openPage(browser)
  await page.goto(address)
  await page.getByRole('navigation').waitFor()
  assert.is(new URL(page.url()).hash, '', 'the code is out of the address')
  const other = await openPage(browser)
  await other.page.goto(address)
  await other.page.getByText(en.closed.why.code).waitFor()
  await page.reload()
  await page.getByRole('navigation').waitFor()
})

test('a second tab has nothing of the first, and no cookie tells it anything', async ({ browser, world }) => {
  const { page } = await world.open(browser)
  await page.getByRole('navigation').waitFor()
  const second = await page.context().newPage()
  await second.goto(`${world.api.url}/ui/`)
  await second.getByText(en.closed.why.none).waitFor()
  assert.is(await ask(second, '/status'), 401)
  assert.equal(await page.context().cookies(), [])
  // What the first tab holds would open it: nothing but the tab keeps it apart
  const stolen = await page.evaluate("sessionStorage.getItem('chaffinch-session')")
  assert.is(await ask(second, '/status', { headers: { authorization: `Bearer ${stolen}` } }), 200)
})

const markup = '<img src=x onerror="document.title=\'owned\'"><b id=planted>bold</b>'

test('what a message contains is text, never markup', async ({ browser, world }) => {
  const { page, complaints } = await world.open(browser)
  await world.alice.contacts.add('<b>mallory', world.bob.address)
  await world.bob.send(world.alice.address, markup, { from: true })
  await page.getByRole('link', { name: '<b>mallory' }).click()
  await page.locator('.text', { hasText: '<img src=x' }).waitFor()
  assert.is(await page.locator('#planted').count(), 0)
  assert.is((await page.title()).includes('owned'), false)
  assert.equal(complaints.all, [])
  // The control: a page that takes it for markup, without this one's policy
  const { page: naive } = await openPage(browser)
  await naive.evaluate(`document.body.innerHTML = ${JSON.stringify(markup)}`)
  await until(async () => ((await naive.title()) === 'owned' ? [1] : []))
  assert.is(await naive.locator('#planted').count(), 1)
})

test('should markup get in all the same, the policy stops it: no inline script, no text made markup, no other place', async ({
  browser,
  world,
  evilUrl,
}) => {
  const { page } = await world.open(browser)
  await page.getByRole('navigation').waitFor()
  const plant = `(() => { try { document.body.innerHTML = ${JSON.stringify(markup)}; return 'made' } catch (e) { return e.name } })()`
  assert.is(await page.evaluate(plant), 'TypeError')
  const inline =
    "(() => { const s = document.createElement('script'); try { s.text = 'document.title = `owned`' } catch (e) { return e.name } document.body.append(s); return document.title })()"
  assert.is(await page.evaluate(inline), 'TypeError')
  assert.match(String(await ask(page, evilUrl, { mode: 'no-cors' })), /Failed to fetch|NetworkError/)
  const { page: naive } = await openPage(browser)
  await naive.goto(evilUrl)
  assert.is(await naive.evaluate(plant), 'made')
  assert.is(await naive.evaluate(inline), 'owned')
  assert.is(await ask(naive, world.api.url, { mode: 'no-cors' }), 'opaque')
})

test('nobody else can frame it', async ({ browser, world, evilUrl }) => {
  const { page } = await openPage(browser)
  await page.goto(evilUrl)
  const framed = async (src: string): Promise<string> => {
    await page.evaluate(`document.body.innerHTML = '<iframe src="${src}"></iframe>'`)
    const frame = await page.waitForSelector('iframe')
    await page.waitForTimeout(500)
    return (await (await frame.contentFrame())?.content()) ?? ''
  }
  assert.not.match(await framed(`${world.api.url}/ui/`), /id="app"/)
  assert.match(await framed(evilUrl), /evil/)
})

test.run()
