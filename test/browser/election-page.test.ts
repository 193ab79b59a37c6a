// The page of a mix-net's elections (docs/spec/pages.md 8.2): a voter's whole way with every kind of question, in both
// languages and by keyboard.

import { readFileSync, writeFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseDefinition } from '../../voting/index.ts'
import { namesOf, type Question } from '../../voting/question.ts'
import { election as de } from '../../web/texts/de-election.ts'
import { election as en } from '../../web/texts/en-election.ts'
import { questions } from '../voting-world.ts'
import { picture, pictureSize, press, saved, violations } from './browser.ts'
import { begin, type ElectionContext, end } from './election-world.ts'

const test = suite<ElectionContext>('the page of elections')

test.before(async context => {
  await begin(context, { seed: 41, weights: [1, 2, 1], questions, closes_at: '2099-07-31T16:00:00Z' })
})

test.after(end)

/** Answers all five questions of the world; by labels, as a screen reader finds them. */
async function fill(page: Page, texts: typeof en, first: string): Promise<void> {
  const at = (i: number) => page.locator('fieldset.question').nth(i)
  for (const name of ['Anna', 'Bo', 'Cyril'])
    await at(0)
      .getByLabel(name, { exact: true })
      .setChecked(name === first)
  await at(0).getByLabel(texts.vote.writeIn(1)).fill('  Zoë   Ray ')
  await at(1).getByLabel('Bo').selectOption('1')
  await at(1).getByLabel('Anna').selectOption('3')
  await at(2).getByLabel('Anna').selectOption('10')
  await at(2).getByLabel('Bo').selectOption('0')
  await at(2).getByLabel('Cyril').selectOption('7')
  await at(3).getByLabel(texts.vote.blank).check()
  await at(4).getByLabel('North').check()
  await at(4).getByLabel('Emil').check()
}

for (const [locale, texts, voter, first] of [
  ['en-US', en, 0, 'Anna'],
  ['de-DE', de, 1, 'Bo'],
] as const)
  test(`${locale}: a voter's way: link, answers, a look into a ballot, cast, receipt, replaced`, async ({
    browser,
    world,
    place,
  }) => {
    const { election } = world
    const code = election.codes[voter] as string
    const visit = await world.visit(browser, `vote/${election.id}/${code}`, { locale, viewport: pictureSize })
    const { page, complaints, requests } = visit
    await page.getByText(texts.vote.welcome(voter + 1)).waitFor()
    assert.not.match(page.url(), code, 'the code is out of the address')
    assert.is(await page.locator('html').getAttribute('lang'), locale.slice(0, 2))
    if (locale === 'en-US') await picture(page, 'election-vote')
    await press(page, texts.vote.make)
    await page.getByText(texts.vote.missing(3)).waitFor()
    await fill(page, texts, first)
    await press(page, texts.vote.make)
    await page.getByText(texts.vote.compare).waitFor()
    await page.getByText(texts.vote.isWritten('Zoë Ray')).waitFor()
    const trackers = await page.locator('.tracker').allTextContents()
    assert.is(trackers.length, 5)
    if (locale === 'en-US') await picture(page, 'election-made')

    // Opened instead of cast: another page sees what is in it
    const before = world.served.controller.size
    await press(page, texts.vote.reveal)
    const opened = await saved(page, place, texts.vote.save(`opened-1-${trackers[0]}.json`))
    assert.is(world.served.controller.size, before, 'nothing was cast')
    const other = await world.visit(browser, `check/${election.id}`, { locale })
    await other.page.getByLabel(texts.check.chooseOpened).setInputFiles(opened)
    const found = other.page.locator('.found')
    await found.getByText(trackers[0] as string).waitFor()
    assert.equal(await found.getByRole('listitem').allTextContents(), [
      first,
      texts.vote.isWritten('Zoë Ray'),
    ])
    const changed = readFileSync(opened, 'utf8').replace(/"randomness":"(.)/, (_, digit) =>
      digit === '0' ? '"randomness":"1' : '"randomness":"0',
    )
    writeFileSync(opened, changed)
    await other.page.getByLabel(texts.check.chooseOpened).setInputFiles(opened)
    await other.page.getByText(texts.failures.HOLLOW.slice(0, 30)).waitFor()

    // Cast: the receipt says that it is there
    await press(page, texts.vote.anew)
    await page.getByLabel(texts.vote.code).fill(code.toLowerCase().replaceAll('-', ' '))
    await press(page, texts.vote.enter)
    await press(page, texts.vote.make)
    await page.getByText(texts.vote.compare).waitFor()
    const cast = await page.locator('.tracker').allTextContents()
    assert.not.equal(cast, trackers, 'encrypted anew')
    await press(page, texts.vote.cast)
    await page.getByText(texts.vote.taken).waitFor()
    if (locale === 'en-US') await picture(page, 'election-receipt')
    const receipt = await saved(page, place, texts.vote.save(`receipt-1-${cast[0]}.json`))
    await other.page.getByLabel(texts.check.chooseReceipt).setInputFiles(receipt)
    await other.page.getByText(texts.check.fates.open).waitFor()

    // Voting again replaces, and says so before
    await press(page, texts.vote.anew)
    const file = { name: 'code.txt', mimeType: 'text/plain', buffer: Buffer.from(`${code}\n`) }
    await page.getByLabel(texts.vote.codeFile).setInputFiles(file)
    await page.getByText(texts.vote.again).waitFor()
    await press(page, texts.vote.make)
    await press(page, texts.vote.cast)
    await page.getByText(texts.vote.taken).waitFor()
    const again = await page.locator('.tracker').first().textContent()
    await saved(page, place, texts.vote.save(`receipt-1-${again}.json`))
    await other.page.getByLabel(texts.check.chooseReceipt).setInputFiles(receipt)
    await other.page.getByText(texts.check.fates.replaced).waitFor()

    // Neither the code nor anything of the choice is in any request; the control: the ballot itself is
    const all = [...requests, ...other.requests].join('\n')
    assert.match(all, '"resource":"message"')
    for (const secret of [code, code.replaceAll('-', ''), code.slice(0, 11), 'Zoë', 'randomness', first])
      assert.not.ok(all.includes(secret), `a request has ${secret}`)
    assert.equal(complaints.all, [])
    assert.equal(other.complaints.all, [])
    await page.context().close()
    await other.page.context().close()
  })

/** Presses Tab until what has the focus is called so. */
async function tab(page: Page, name: string): Promise<void> {
  const focused = (): Promise<string> =>
    page.evaluate('(document.activeElement.labels?.[0] ?? document.activeElement).textContent')
  let isThere = false
  for (let n = 0; n < 60 && !isThere; n++) {
    await page.keyboard.press('Tab')
    isThere = (await focused()).startsWith(name)
  }
  assert.match(await focused(), name)
}

test('a voter votes by keyboard alone', async ({ browser, world }) => {
  const { election } = world
  const { page } = await world.visit(browser, `vote/${election.id}/${election.codes[2]}`)
  await page.getByText(en.vote.welcome(1)).waitFor()
  const tabTo = (name: string): Promise<void> => tab(page, name)
  await tabTo('Cyril')
  await page.keyboard.press('Space')
  await tabTo('Bo')
  await page.keyboard.press('r')
  await tabTo('Leave this question blank')
  await page.keyboard.press('Space')
  await tabTo('Leave this question blank')
  await page.keyboard.press('Space')
  await tabTo('North')
  await page.keyboard.press('ArrowDown')
  await tabTo(en.vote.make)
  await page.keyboard.press('Enter')
  await page.getByText(en.vote.compare).waitFor()
  await tabTo(en.vote.cast)
  await page.keyboard.press('Enter')
  await page.getByText(en.vote.taken).waitFor()
  await page.context().close()
})

test('everybody reads in their own zone, with its name, when it ends', async ({ browser, world }) => {
  const { election } = world
  for (const [locale, timezoneId, time] of [
    ['en-US', 'America/New_York', /Jul 31, 2099, 12:00:00\sPM EDT/],
    ['de-DE', 'Europe/Berlin', /31\.07\.2099, 18:00:00 MESZ/],
  ] as const)
    for (const section of ['vote', 'standing']) {
      const options = { locale, timezoneId }
      const { page } = await world.visit(browser, `${section}/${election.id}`, options)
      await page.getByText(time).waitFor()
      await page.context().close()
    }
})

test('an election is prepared by keyboard alone, in German', async ({ browser, world, place }) => {
  const texts = de.prepare
  const { page, complaints } = await world.visit(browser, 'prepare', {
    ...{ locale: 'de-DE', timezoneId: 'Europe/Berlin' },
  })
  await page.getByText(texts.about).waitFor()
  await page.getByText('mixer-1').waitFor()
  for (const [label, text] of [
    [texts.name, 'Wer spricht für uns?'],
    [texts.text, 'Wer?'],
    [texts.options, 'Anna'],
  ] as const) {
    await tab(page, label)
    await page.keyboard.type(text)
  }
  await page.keyboard.press('Enter')
  await page.keyboard.type('Bo')
  await tab(page, texts.dates.closes)
  await page.getByText('Europe/Berlin, GMT').first().waitFor()
  // In which order it wants day, month and year typed is the browser's own matter
  await page.getByLabel(texts.dates.closes).fill('2026-07-31T18:00')
  await tab(page, texts.make)
  await page.keyboard.press('Enter')
  await page.getByText(texts.made).waitFor()
  const definition = parseDefinition(
    readFileSync(await saved(page, place, de.vote.save('election.json')), 'utf8'),
  )
  assert.is(definition.title, 'Wer spricht für uns?')
  assert.is(definition.closes_at, '2026-07-31T16:00:00Z', 'what is local there is UTC for all')
  assert.is(definition.opens_at, undefined)
  assert.equal(namesOf(definition.questions[0] as Question), ['Anna', 'Bo'])
  assert.equal(await violations(page), [])
  assert.equal(complaints.all, [])
  await page.context().close()
})

for (const [width, colorScheme] of [
  [360, 'light'],
  [3840, 'dark'],
] as const)
  test(`${width} pixels, ${colorScheme}: all of it fits, and axe finds nothing serious`, async ({
    browser,
    world,
  }) => {
    const { election } = world
    const { page } = await world.visit(browser, `vote/${election.id}/${election.codes[2]}`, {
      viewport: { width, height: 800 },
      colorScheme,
      reducedMotion: 'reduce',
    })
    const look = async (where: string): Promise<void> => {
      assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= width, where)
      assert.equal(await violations(page), [], where)
    }
    await page.getByText(en.vote.welcome(1)).waitFor()
    await look('answers')
    await fill(page, en, 'Anna')
    await press(page, en.vote.make)
    await page.getByText(en.vote.compare).waitFor()
    await look('made')
    await press(page, en.vote.reveal)
    await page.getByText(en.vote.revealed).waitFor()
    await look('revealed')
    for (const section of ['check', 'audit', 'standing']) {
      await page.evaluate(`location.hash = '#${section}/${election.id}'`)
      await page.locator('main h2').waitFor()
      await look(section)
    }
    await page.evaluate("location.hash = '#prepare'")
    await page.getByText('mixer-1').waitFor()
    await look('prepare')
    await page.evaluate("location.hash = '#vote'")
    await page.getByRole('link', { name: election.definition.title }).waitFor()
    await look('which')
    await page.context().close()
  })

test.run()
