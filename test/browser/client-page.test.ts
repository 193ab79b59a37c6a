// The page on a client's daemon (docs/spec/pages.md 3): each way that a person goes, in both languages.

import { readFileSync } from 'node:fs'
import type { Browser, Locator, Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { writeFile } from '../../web/client/file-content.ts'
import { de } from '../../web/texts/de.ts'
import { en, type Texts } from '../../web/texts/en.ts'
import { startBrowser, until } from './browser.ts'
import { type DaemonWorld, daemonWorld } from './daemon-world.ts'

const test = suite<{ browser: Browser; world: DaemonWorld }>('the page of a client')

test.before(async context => {
  context.world = await daemonWorld(11)
  context.browser = await startBrowser()
})

test.after(async ({ browser, world }) => {
  await browser.close()
  await world.close()
})

const languages: readonly (readonly [locale: string, texts: Texts])[] = [
  ['en-US', en],
  ['de-DE', de],
]

function section(page: Page, name: string): Locator {
  return page.getByRole('navigation').getByRole('link', { name: new RegExp(`^${name}`) })
}

const field = (page: Page, name: string): Locator => page.getByRole('textbox', { name, exact: true })
const button = (page: Page, name: string): Locator => page.getByRole('button', { name, exact: true })

for (const [locale, texts] of languages) {
  const bobName = `bob-${locale}`

  test(`${locale}: a contact, a message with honest states, and what comes back`, async ({
    browser,
    world,
  }) => {
    const { page, complaints } = await world.open(browser, { locale })
    await section(page, texts.sections.contacts).click()
    await field(page, texts.contacts.name).fill(bobName)
    await field(page, texts.contacts.address).fill(world.bob.address)
    await button(page, texts.contacts.keep).click()
    await page.getByRole('heading', { name: bobName }).waitFor()
    await page.locator('.words li').nth(11).waitFor()
    assert.equal(await page.locator('.words li').allTextContents(), world.alice.safetyWords(bobName))
    assert.is(await page.getByRole('img', { name: texts.contacts.wordsQr }).count(), 1)

    await page.getByRole('link', { name: texts.contacts.write, exact: true }).click()
    await field(page, texts.compose.message).fill(`Grüße ${locale}`)
    await page.keyboard.press('Enter')
    const mine = page.locator('.message.me', { hasText: `Grüße ${locale}` })
    await mine.waitFor()
    await mine.getByText(texts.states.stored).or(mine.getByText(texts.states.received)).first().waitFor()
    const [came] = await until(async () => (await world.bob.inbox()).filter(one => one.text.endsWith(locale)))
    assert.is(came?.from, world.alice.address, 'they can check who wrote')

    await world.bob.contacts.add(`alice-${locale}`, world.alice.address)
    await world.bob.send(world.alice.address, `hello back ${locale}`, { from: true })
    await page.locator('.message.them', { hasText: `hello back ${locale}` }).waitFor()
    assert.equal(complaints.all, [])
    await section(page, texts.sections.contacts).click()
    // By address: until the list of contacts is drawn, the conversation's own link bears bob's name too.
    await page.locator(`a[href="#contacts/${bobName}"]`).click()
    await button(page, texts.contacts.forget).click()
    await page.getByRole('dialog').getByRole('button', { name: texts.contacts.forget }).click()
    await page.getByText(texts.contacts.none).waitFor()
    await world.bob.contacts.remove(`alice-${locale}`)
  })

  test(`${locale}: a stranger stands apart, and is answered without a name`, async ({ browser, world }) => {
    const { page, complaints } = await world.open(browser, { locale })
    const text = `who are you? ${locale}`
    const asked = await world.bob.send(world.alice.address, text, { replies: true })
    await section(page, texts.sections.requests).click()
    await page.locator('.list .badge').first().waitFor()
    await page
      .getByRole('link', {
        name: texts.messages.nameless(asked.id.slice(0, 6)).replace(/[()]/g, '').slice(0, 4),
      })
      .first()
      .click()
    await page.locator('.message.them', { hasText: text }).waitFor()
    await page.getByText(texts.messages.cameWithoutName).first().waitFor()
    assert.is(await section(page, texts.sections.messages).locator('.badge').count(), 0)
    await field(page, texts.compose.message).fill(`nobody ${locale}`)
    await button(page, texts.compose.send).click()
    const [answer] = await until(async () =>
      (await world.bob.inbox()).filter(one => one.text === `nobody ${locale}`),
    )
    assert.equal([answer?.inReplyTo, answer?.from], [asked.id, undefined])
    assert.equal(complaints.all, [])
  })

  test(`${locale}: files go with progress and can be called off, and are saved when wanted`, async ({
    browser,
    world,
  }) => {
    const { page, complaints } = await world.open(browser, { locale })
    await section(page, texts.sections.messages).click()
    await page.getByRole('link', { name: texts.messages.write }).click()
    await field(page, texts.messages.toAddress).fill(world.bob.address)
    await button(page, texts.messages.begin).click()
    const choose = async (name: string, bytes: number): Promise<void> => {
      const buffer = Buffer.alloc(bytes, name)
      await page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/plain', buffer })
    }
    await choose('large.bin', 900_000)
    const large = page.locator('.message.me').last()
    await large.getByRole('progressbar').waitFor()
    await large.getByRole('button', { name: texts.messages.callOff }).click()
    await large.getByText(texts.reasons.ABORTED).waitFor()
    await choose('small.txt', 3000)
    const [file] = await until(() => world.bob.inbox({ app: 'file' }))
    assert.equal(Buffer.from(file?.bytes ?? []).subarray(0, 11), Buffer.from('\0\x09small.txt'))

    const sent = await world.bob.send(
      world.alice.address,
      writeFile(`../../etc/<b>${locale}.txt`, Buffer.from('content of it')),
      { app: 'file', replies: true },
    )
    await section(page, texts.sections.requests).click()
    await page.locator(`a[href*="${sent.id}"]`).click()
    const saving = page.waitForEvent('download')
    await button(page, texts.files.save).click()
    const saved = await saving
    assert.is(saved.suggestedFilename(), `_b_${locale}.txt`)
    assert.is(readFileSync(await saved.path(), 'utf8'), 'content of it')
    assert.equal(complaints.all, [])
  })

  test(`${locale}: what is hidden, the network, services, payments, the log`, async ({ browser, world }) => {
    const { page, complaints } = await world.open(browser, { locale })
    await section(page, texts.sections.hidden).click()
    await page.getByText(texts.hidden.now.default).waitFor()
    await page.getByRole('radio').nth(1).check()
    await page.getByText(texts.hidden.now.low).waitFor()
    assert.is(world.alice.cover, 'low')
    await page.getByRole('radio').nth(2).check()
    await page.getByText(texts.hidden.now.default).waitFor()

    await section(page, texts.sections.network).click()
    await page.getByText(texts.network.nodes(9)).waitFor()
    await field(page, texts.network.find).fill(texts.network.gateway)
    await page.getByText(texts.network.nodes(0)).waitFor()

    await section(page, texts.sections.services).click()
    await page.getByRole('button', { name: /^echo/ }).click()
    await field(page, texts.services.ask('echo')).fill('is anybody there?')
    await button(page, texts.services.send).click()
    await page.locator('output', { hasText: 'is anybody there?' }).waitFor()

    await section(page, texts.sections.payments).click()
    await page.getByText(texts.errors.NO_LEDGER).waitFor()

    await section(page, texts.sections.log).click()
    await page.getByText(texts.log.messages.ready).waitFor()
    await page.getByRole('checkbox').check()
    await page.getByText(texts.log.messages.ready).waitFor({ state: 'detached' })
    await page.getByText(texts.log.messages['left an entry gateway']).waitFor()
    // Where there is no ledger, the API says 404
    assert.equal(
      complaints.all.filter(one => !one.includes('404')),
      [],
    )
  })

  test(`${locale}: identities are made, looked at, copied and removed; then the page is closed`, async ({
    browser,
    world,
  }) => {
    const { page, complaints } = await world.open(browser, { locale })
    const name = `work.${locale.toLowerCase()}`
    await section(page, texts.sections.identities).click()
    await field(page, texts.identities.name).fill(name)
    await button(page, texts.identities.create).click()
    const card = page.locator('.cards li', { hasText: name })
    await card.waitFor()
    await card.getByRole('button', { name: texts.identities.export }).click()
    await page.getByLabel(texts.identities.passphrase).fill('a passphrase that is long enough')
    const saving = page.waitForEvent('download')
    await button(page, texts.identities.write).click()
    assert.match(readFileSync(await (await saving).path(), 'utf8'), /"cipher|argon2/)
    await card.getByRole('button', { name: texts.identities.become }).click()
    await page.locator('header', { hasText: name }).waitFor()
    await section(page, texts.sections.messages).click()
    await page.getByText(texts.messages.none).waitFor()
    await section(page, texts.sections.identities).click()
    await card.getByRole('button', { name: texts.identities.remove }).click()
    await page.getByRole('dialog').getByRole('button', { name: texts.identities.remove }).click()
    await card.waitFor({ state: 'detached' })
    assert.equal(world.identities.names, ['main'])

    await button(page, texts.frame.leave).click()
    await page.getByText(texts.closed.why.left).waitFor()
    await page.reload()
    await page.getByText(texts.closed.why.none).waitFor()
    assert.equal(complaints.all, [])
  })
}

test.run()
