// A whole survey through its page (docs/spec/pages.md 10), on programs that run as processes: a Controller and three
// mixers; people answer by their links, one by the command, one twice; whoever holds the key publishes figures. Attacks
// on the way have their controls in it.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { freePorts } from '../../simulator/processes/plan.ts'
import { parseForm, writeForm } from '../../voting/index.ts'
import { election as deElection } from '../../web/texts/de-election.ts'
import { survey as de } from '../../web/texts/de-survey.ts'
import { election as enElection } from '../../web/texts/en-election.ts'
import { survey as en } from '../../web/texts/en-survey.ts'
import { cascadeProcesses } from '../cascade-processes.ts'
import {
  type Complaints,
  openPage,
  picture,
  pictureSize,
  press,
  saved,
  startBrowser,
  until,
  violations,
} from './browser.ts'

const { folder, running, say, start, stop } = cascadeProcesses('survey-page')
const markup = '<img src=x onerror="globalThis.owned=1">'
const names = ['ann', 'ben', 'cem']
const plan = ['--plan', 'board/mixnet.json']
const toml = `
title = "On the road"
participants_least = 3
settle_ms = 500

[[questions]]
kind = "choose"
text = "Where do you live?"
options = ["in the town", "outside"]
blank = true
min = 1
max = 1

[[questions]]
kind = "number"
text = "How far do you go a day?"
blank = false
least = 0
most = 10000
decimals = 1
unit = "km"

[[questions]]
kind = "text"
text = "What should change?"
blank = true
most_bytes = 80
`

interface Context {
  browser: Browser
  /** Where the mix-net is. */
  url: string
  id: string
  links: readonly string[]
  complaints: Complaints[]
  /** Everything that pages have asked for. */
  asked: string[]
}

const test = suite<Context>('a whole survey through its page')

test.before(async context => {
  const [port] = (await freePorts(1)) as [number]
  const mixers = names.flatMap(name => ['--mixer', say('cascade', 'init', 'mixer', name)])
  const usual = ['--packets', '1024', '--settle', '500ms', '--cycles', '0', '--close-count', '100']
  const at = ['--name', 'road', '--url', `http://127.0.0.1:${port}`]
  context.url = say('cascade', 'init', 'mixnet', 'board', ...at, ...usual, ...mixers)
  writeFileSync(join(folder, 'survey.toml'), toml)
  context.id = say('survey', 'init', 'poll', '--from', 'survey.toml', ...plan, '--key', 'holder')
  const page = ['--page', `${context.url}/survey/`]
  say('survey', 'credentials', 'poll', '--count', '6', '--codes', 'codes.csv', ...page)
  const lines = readFileSync(join(folder, 'codes.csv'), 'utf8').trimEnd().split('\r\n')
  assert.is(lines[0], 'participant,code,link')
  context.links = lines.slice(1).map(line => line.split(',').at(-1) as string)
  start('controller', 'controller', 'board')
  for (const name of names) start(name, 'mixer', name, ...plan, '--survey', 'poll')
  context.browser = await startBrowser()
  Object.assign(context, { complaints: [], asked: [] })
  // Refused until the mixers have made its chain; the same again changes nothing
  await until(async () => {
    try {
      return [say('survey', 'publish', 'poll', '--controller', context.url)]
    } catch {
      return []
    }
  })
})

test.after(async ({ browser }) => {
  await browser.close()
  for (const name of [...running.keys()]) await stop(name, 'SIGKILL')
})

async function visit(
  { browser, complaints, asked }: Context,
  address: string,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const opened = await openPage(browser, { viewport: pictureSize, ...options })
  complaints.push(opened.complaints)
  opened.page.context().on('request', request => {
    asked.push(`${request.url()} ${JSON.stringify(request.headers())} ${request.postData() ?? ''}`)
  })
  await opened.page.goto(address)
  return opened.page
}

interface Said {
  readonly where?: string
  readonly far: string
  readonly text?: string
}

/** Fills the three questions in, and sends. */
async function send(page: Page, said: Said, texts: typeof en, shared: typeof enElection): Promise<void> {
  const at = (i: number) => page.locator('fieldset.question').nth(i)
  if (said.where === undefined) await at(0).getByLabel(shared.vote.blank).check()
  else await at(0).getByLabel(said.where).check()
  await at(1).getByRole('textbox').fill(said.far)
  if (said.text === undefined) await at(2).getByLabel(shared.vote.blank).setChecked(true)
  else {
    await at(2).getByLabel(shared.vote.blank).setChecked(false)
    await at(2).getByRole('textbox').fill(said.text)
  }
  await press(page, texts.answer.send)
  await page.getByText(texts.mine.keepHint).waitFor()
}

/** Waits until an answer has come to a step. */
const reached = (page: Page, step: string): Promise<void> =>
  page.locator(`li.good[data-step=${step}]`).waitFor({ timeout: 90_000 })

const codeOf = (link: string): string => link.split('/').at(-1) as string
const written = `fewer cars ${markup}`
let receipt = ''

test('people answer by their links, in two languages; who answers again replaces', async context => {
  const { links, id, asked } = context
  const first = await visit(context, links[0] as string)
  await first.getByText(en.answer.welcome).waitFor()
  assert.not.match(first.url(), codeOf(links[0] as string), 'the code is out of the address')
  await picture(first, 'survey-answer')
  assert.equal(await violations(first), [])
  await press(first, en.answer.send)
  await first.getByText(enElection.vote.missing(2)).waitFor()
  const number = first.locator('fieldset.question').nth(1).getByRole('textbox')
  await number.fill('12.55')
  await first.getByText(en.answer.isNone).waitFor()
  await send(first, { where: 'outside', far: '999', text: 'nothing' }, en, enElection)
  await reached(first, 'accepted')
  const old = await saved(first, folder, en.mine.keep)
  const replaced = readFileSync(old, 'utf8')
  await press(first, en.mine.anew)
  await first.getByText(en.answer.again).waitFor()
  await send(first, { where: 'in the town', far: '12.5', text: written }, en, enElection)
  await reached(first, 'accepted')
  await picture(first, 'survey-receipt')
  receipt = await saved(first, folder, en.mine.keep)
  await first.context().close()

  const second = await visit(context, links[1] as string, { locale: 'de-DE' })
  await second.getByText(de.answer.welcome).waitFor()
  assert.is(await second.locator('html').getAttribute('lang'), 'de')
  await send(second, { where: 'outside', far: '0,5' }, de, deElection as typeof enElection)
  await reached(second, 'accepted')
  assert.equal(await violations(second), [])
  await second.context().close()

  const third = await visit(context, `${context.url}/survey/#answer/${id}`)
  await third.getByLabel(enElection.vote.code).fill(codeOf(links[3] as string).replace(/.$/, ''))
  await press(third, enElection.vote.enter)
  await third.getByText(en.failures.BAD_CODE.slice(0, 20)).waitFor()
  const code = { name: 'code', mimeType: 'text/plain', buffer: Buffer.from(codeOf(links[3] as string)) }
  await third.getByLabel(enElection.vote.codeFile).setInputFiles(code)
  await third.getByText(en.answer.welcome).waitFor()
  await send(third, { far: '7' }, en, enElection)
  await reached(third, 'accepted')

  // One of them with the command, into the same survey
  writeFileSync(join(folder, 'code'), codeOf(links[2] as string))
  const answers = ['--answer', '1=in the town', '--answer', '2=20', '--answer', '3=']
  const way = ['--controller', context.url, '--code', 'code', '--keep', 'mine']
  assert.match(say('survey', 'answer', 'poll', ...way, ...answers), /the answer is accepted/)

  // What was replaced is known by its receipt, and by nothing else of another survey or none
  const receipts = (text: string) => ({ name: 'a.json', mimeType: '', buffer: Buffer.from(text) })
  await third.evaluate(`location.hash = '#mine/${id}'`)
  const choose = third.getByLabel(en.mine.choose)
  await choose.setInputFiles(receipts(replaced.replace(id, '00'.repeat(32))))
  await third.getByText('is of another survey').waitFor()
  await choose.setInputFiles(receipts('{}'))
  await third.getByText('kept answer: is none').waitFor()
  await choose.setInputFiles(receipts(replaced))
  await third.getByText(en.mine.replaced).waitFor()
  await third.context().close()

  const all = asked.join('\n')
  assert.match(all, '"resource":"message"', 'the control: sealed answers went there')
  for (const link of links)
    for (const secret of [codeOf(link), codeOf(link).replaceAll('-', '').slice(0, 24)])
      assert.not.ok(all.includes(secret), 'a request has a code')
  for (const secret of ['fewer cars', Buffer.from('fewer cars').toString('hex'), '"seed"'])
    assert.not.ok(all.includes(secret), `a request has ${secret}`)
})

test('another form, other people or another log under the id of the link are refused', async context => {
  const { browser, url, id, links } = context
  const text = readFileSync(join(folder, 'poll', 'survey.json'), 'utf8')
  const form = parseForm(text)
  const roll = readFileSync(join(folder, 'poll', 'participants.bin'))
  const give = (name: string, body: string | Buffer) => async (of: BrowserContext) =>
    await of.route(`**/surveys/*/${name}`, async route => await route.fulfill({ body }))
  const through = async (hold: (of: BrowserContext) => Promise<unknown>): Promise<string> => {
    const { page } = await openPage(browser)
    const said: string[] = []
    page.context().on('request', request => said.push(request.method()))
    await hold(page.context())
    await page.goto(links[4] as string)
    await page.getByRole('alert').or(page.getByText(en.answer.welcome)).first().waitFor()
    const shown = (await page.locator('main').textContent()) ?? ''
    assert.not.ok(said.includes('POST'), 'nothing is handed in')
    await page.context().close()
    return shown
  }
  assert.match(await through(give('survey.json', text)), en.answer.welcome, 'the control')
  const lies: readonly (readonly [string, (of: BrowserContext) => Promise<unknown>, string])[] = [
    ['a form', give('survey.json', writeForm({ ...form, participants_least: 2 })), en.failures.OTHER],
    ['no form', give('survey.json', '{}\n'), en.failures.OTHER],
    ['people', give('participants.bin', roll.subarray(36)), en.failures.LIED],
    ['no people', give('participants.bin', Buffer.alloc(35)), en.failures.LIED],
  ]
  for (const [what, lie, words] of lies) {
    const shown = await through(lie)
    assert.match(shown, words, what)
    assert.not.match(shown, en.answer.welcome, what)
  }
  const put = async (survey: string, written: string, people: Buffer): Promise<number> => {
    const body = JSON.stringify({ form: written, participants: people.toString('base64') })
    const headers = { 'content-type': 'application/json' }
    return (await fetch(`${url}/surveys/${survey}`, { method: 'PUT', headers, body })).status
  }
  assert.is(await put(id, text, roll), 200, 'is there')
  assert.is(await put(id, text, roll.subarray(36)), 409, 'is there with others')
  assert.is(await put('00'.repeat(32), text, roll), 400, 'is of another id')
})

test('a participant answers by keyboard alone; all of it fits and axe finds nothing serious', async context => {
  const { links, id } = context
  const page = await visit(context, links[4] as string)
  await page.getByText(en.answer.welcome).waitFor()
  const tab = async (name: string): Promise<void> => {
    const focused = '(document.activeElement.labels?.[0] ?? document.activeElement).textContent'
    for (let n = 0; n < 40; n++) {
      await page.keyboard.press('Tab')
      if (String(await page.evaluate(focused)).startsWith(name)) return
    }
    throw new Error(`nothing is called ${name}`)
  }
  await tab('in the town')
  await page.keyboard.press('Space')
  await tab('A number from')
  await page.keyboard.type('3')
  await tab(enElection.vote.blank)
  await page.keyboard.press('Space')
  await tab(en.answer.send)
  await page.keyboard.press('Enter')
  await reached(page, 'accepted')
  for (const [width, colorScheme] of [
    [360, 'light'],
    [3840, 'dark'],
  ] as const) {
    await page.setViewportSize({ width, height: 800 })
    await page.emulateMedia({ colorScheme })
    for (const section of ['answer', 'mine', 'standing', 'results']) {
      await page.evaluate(`location.hash = '#${section}/${id}'`)
      await page.locator('main h2').first().waitFor()
      assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= width, section)
      assert.equal(await violations(page), [], `${section} ${width}`)
    }
  }
  await page.context().close()
})

test('when it is closed answers are mixed; whoever holds the key publishes figures, and participants see it', async context => {
  const { url, id } = context
  const waiting = await visit(context, `${url}/survey/#mine/${id}`)
  await waiting.getByLabel(en.mine.choose).setInputFiles(receipt)
  await reached(waiting, 'accepted')
  const holder = await visit(context, `${url}/survey/#results/${id}`)
  const key = join(folder, 'holder', 'key')
  await holder.getByLabel(en.results.key).setInputFiles(join(folder, 'ann', 'key'))
  await holder.getByText(en.failures.BAD_CODE.slice(0, 20)).waitFor()
  await holder.getByLabel(en.results.key).setInputFiles(key)
  await holder.getByText(en.results.waits('').slice(0, 24)).waitFor()
  for (const member of ['ann', 'cem']) say('survey', 'close', 'poll', '--member', member)
  await holder.getByText(en.results.sums('5', '6', 0)).waitFor({ timeout: 90_000 })
  await reached(waiting, 'delivered')
  await picture(waiting, 'survey-delivered')
  const town = holder.getByRole('row', { name: /^in the town/ }).first()
  assert.equal(await town.getByRole('cell').allTextContents(), ['in the town', '3'])
  await holder.getByRole('row', { name: 'sum (km) 43.0' }).waitFor()
  await holder.getByRole('row', { name: 'median (km) 7.0' }).waitFor()
  const texts = holder.getByRole('region', { name: '3. What should change?' })
  await texts.getByRole('row', { name: `answered ${en.results.few}` }).waitFor()
  assert.not.match((await holder.locator('main').textContent()) ?? '', 'fewer cars', 'one alone has written')
  await holder.getByLabel(en.results.by).selectOption({ index: 1 })
  await holder.getByText(en.results.groupOf('outside', en.results.few)).waitFor()
  await picture(holder, 'survey-results')
  assert.equal(await violations(holder), [])

  const csv = readFileSync(await saved(holder, folder, enElection.result.csv), 'utf8')
  assert.match(csv, /,How far do you go a day\?,number,sum,43\.0\r\n/)
  const json = JSON.parse(readFileSync(await saved(holder, folder, enElection.result.json), 'utf8')) as {
    readonly participants: number
  }
  assert.is(json.participants, 5)
  const html = readFileSync(await saved(holder, folder, enElection.result.html), 'utf8')
  assert.match(html, /5 of 6 answered/)
  assert.match(html, "default-src 'none'")
  for (const file of [csv, JSON.stringify(json), html]) assert.not.ok(file.includes('fewer cars'))

  // The command counts the same of what it takes itself
  say('survey', 'collect', 'poll', '--controller', url, '--key', 'holder', '--wait')
  assert.is(say('survey', 'results', 'poll', '--key', 'holder', '--by', '1', '--html'), html.trim())
  const own = await visit(context, `${url}/survey/#results/${id}`, { locale: 'de-DE' })
  await own.getByLabel(de.results.answers).setInputFiles(join(folder, 'holder', `answers-${id}.jsonl`))
  await own.getByText(de.results.sums('5', '6', 0)).waitFor()
  await own.getByRole('row', { name: 'Summe (km) 43.0' }).waitFor()
  for (const page of [waiting, holder, own]) {
    assert.is(await page.evaluate('globalThis.owned'), undefined)
    assert.is(await page.locator('main img').count(), 0)
    await page.context().close()
  }
})

test('markup in texts of enough people is shown as text, and no cell is computed', async context => {
  const { browser, url, id } = context
  const lines = ['=1+1', markup, 'fewer cars'].map((text, i) =>
    JSON.stringify([{ is: 'blank' }, { is: 'number', value: i }, { is: 'text', text }]),
  )
  const page = await visit(context, `${url}/survey/#results/${id}`)
  const buffer = Buffer.from(`${lines.join('\n')}\n`)
  await page.getByLabel(en.results.answers).setInputFiles({ name: 'a', mimeType: '', buffer })
  await page.getByRole('cell', { name: markup }).waitFor()
  assert.is(await page.evaluate('globalThis.owned'), undefined)
  const csv = readFileSync(await saved(page, folder, enElection.result.csv), 'utf8')
  assert.match(csv, /,text,text,'=1\+1\r\n/)
  const html = readFileSync(await saved(page, folder, enElection.result.html), 'utf8')
  assert.match(html, '&lt;img src=x')
  const made = `try { document.body.insertAdjacentHTML('beforeend', '<b>'); 'made' } catch (error) { error.name }`
  const { page: other } = await openPage(browser)
  await other.goto(`${url}/survey/`)
  assert.is(await other.evaluate(made), 'TypeError', 'the policy lets no mistake make it more')
  for (const each of [page, other]) await each.context().close()
})

test('no page has complained, no request had a key, and no file of a server has an answer', async ({
  complaints,
  asked,
}) => {
  assert.equal(
    complaints.flatMap(({ all }) => all),
    [],
  )
  const key = readFileSync(join(folder, 'holder', 'key'), 'utf8')
  const seed = /^[0-9a-f]{64}$/m.exec(key)?.[0] as string
  assert.match(seed, /^[0-9a-f]{64}$/, 'the control: there is a key')
  assert.not.ok(asked.join('\n').includes(seed))
})

test.run()
