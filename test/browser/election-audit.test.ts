// How an election stands, and an auditor's way on the page of elections (docs/spec/pages.md 8.3), in both languages.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fileNames, parseDefinition } from '../../voting/index.ts'
import { readArchive } from '../../web/election/archive.ts'
import { election as de } from '../../web/texts/de-election.ts'
import { election as en } from '../../web/texts/en-election.ts'
import { questions } from '../voting-world.ts'
import { picture, pictureSize, press, saved } from './browser.ts'
import { begin, type ElectionContext, end } from './election-world.ts'

const test = suite<ElectionContext>('how an election stands, and its audit')

test.before(async context => {
  await begin(context, { seed: 42, weights: [1, 2, 1], questions: questions.slice(0, 2) })
  const { election } = context.world
  for (const voter of [0, 1, 2]) {
    election.vote(voter, 0, { is: 'choose', chosen: [voter % 2], written: voter === 2 ? [] : ['Zoë Ray'] })
    election.vote(voter, 1, { is: 'rank', ranks: [1, 2, 3] })
  }
  await election.run(12)
})

test.after(end)

test('how it stands is told live, and the election is closed, mixed and opened', async ({
  browser,
  world,
}) => {
  const { page, complaints } = await world.visit(browser, `standing/${world.election.id}`, {
    viewport: pictureSize,
  })
  const row = page.getByRole('row').nth(1)
  await row.getByText(en.standing.stages.open).waitFor()
  await row.getByText('100%').waitFor()
  await picture(page, 'election-standing')
  await world.election.close()
  await row.getByText(en.standing.stages.opened).waitFor()
  assert.equal(complaints.all, [])
  await page.context().close()
})

for (const [locale, texts] of [
  ['en-US', en],
  ['de-DE', de],
] as const)
  test(`${locale}: an auditor checks all of it, saves the folder, and a changed byte is refused with its file`, async ({
    browser,
    world,
    place,
  }) => {
    const { page, complaints } = await world.visit(browser, `audit/${world.election.id}`, {
      locale,
      viewport: pictureSize,
    })
    await press(page, texts.audit.here)
    await page
      .getByText(/3 (ballots|Stimmzettel), 4/)
      .first()
      .waitFor()
    assert.is(await page.locator('.checks .good').count(), 9)
    const folder = await saved(page, place, texts.result.folder)
    const table = readFileSync(await saved(page, place, texts.result.csv), 'utf8')
    assert.match(table, /1,Who shall speak for us\?,plurality,Zoë Ray,\d,3,/)
    const json = readFileSync(await saved(page, place, texts.result.json), 'utf8')
    assert.match(json, world.election.id)
    assert.match(readFileSync(await saved(page, place, texts.result.html), 'utf8'), '<th scope="row">')
    await page.evaluate('globalThis.print = () => { globalThis.printed = true }')
    await press(page, texts.result.print)
    assert.ok(await page.evaluate('globalThis.printed'))
    if (locale === 'en-US') {
      await page.getByRole('heading', { name: texts.audit.title }).scrollIntoViewIfNeeded()
      await picture(page, 'election-audit')
      await page.locator('.result').scrollIntoViewIfNeeded()
      await page.evaluate("document.querySelector('.result').scrollIntoView()")
      await picture(page, 'election-result')
    }

    // The same from the archive, and from a folder
    const files = readArchive(new Uint8Array(readFileSync(folder)))
    assert.is(parseDefinition(Buffer.from(files[0]?.bytes ?? []).toString()).title, 'An election')
    await page.getByLabel(texts.audit.archive).setInputFiles(folder)
    await page.locator('.result').waitFor({ state: 'detached' })
    await page.locator('.result').waitFor()
    const board = join(place, `board-${locale}`)
    for (const { name, bytes } of files) {
      mkdirSync(dirname(join(board, name)), { recursive: true })
      writeFileSync(join(board, name), bytes)
    }
    await page.getByLabel(texts.audit.folder).setInputFiles(board)
    await page.locator('.result').waitFor({ state: 'detached' })
    await page.locator('.result').waitFor()

    // One byte of each file
    const blob = files.find(({ name }) => name.startsWith('blobs/'))?.name as string
    for (const [name, check] of [
      [fileNames.roll, 'peers'],
      [fileNames.checkpoint, 'checkpoint'],
      [blob, 'files'],
      [fileNames.log, 'files'],
      [fileNames.result, 'result'],
      [fileNames.table, 'table'],
    ] as const) {
      const path = join(board, name)
      const bytes = readFileSync(path)
      const other = Buffer.from(bytes)
      other[4] = (other[4] as number) ^ 1
      writeFileSync(path, other)
      await page.getByLabel(texts.audit.folder).setInputFiles(board)
      await page.getByText(texts.audit.refused).waitFor()
      if (name !== fileNames.roll) await page.getByText(name).first().waitFor()
      await page.locator(`.checks .bad[data-check=${check}]`).waitFor()
      assert.is(await page.locator('.result').count(), 0)
      if (locale === 'en-US' && name === blob) await picture(page, 'election-refused')
      writeFileSync(path, bytes)
    }
    assert.equal(complaints.all, [])
    await page.context().close()
  })

test.run()
