// Attacks on the page of elections (docs/spec/pages.md 8.4): each with its control, in which the same goes through.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContext } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { base64 } from '../../encoding/base64.ts'
import { electionId, parseDefinition, writeDefinition, writeRoll } from '../../voting/index.ts'
import { election as en } from '../../web/texts/en-election.ts'
import { questions } from '../voting-world.ts'
import { openPage, startBrowser } from './browser.ts'
import { type ElectionWorld, electionWorld } from './election-world.ts'

interface Context {
  browser: Browser
  world: ElectionWorld
  /** Another mix-net of the same name, of other people. */
  false_: ElectionWorld
  evil: Server
  evilUrl: string
}

const test = suite<Context>('attacks on the page of elections')
const markup = '<img src=x onerror="globalThis.owned=1"><script>globalThis.owned=1</script>'
const [choose] = questions
if (choose?.kind !== 'choose') throw new Error('want a question of that kind first')
const poisoned = {
  ...choose,
  text: `Who? ${markup}`,
  options: [`Anna ${markup}`, 'Bo'],
  max: 1,
  write_ins: 0,
}

test.before(async context => {
  context.world = await electionWorld({ seed: 51, weights: [1, 1], questions: [poisoned] })
  context.false_ = await electionWorld({ seed: 52, weights: [1, 1], questions: [poisoned] })
  context.browser = await startBrowser()
  context.evil = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<p>evil'))
  await new Promise<void>(resolve => context.evil.listen(0, '127.0.0.1', resolve))
  context.evilUrl = `http://127.0.0.1:${(context.evil.address() as AddressInfo).port}/`
})

test.after(async ({ browser, world, false_, evil }) => {
  await browser.close()
  evil.close()
  await world.close()
  await false_.close()
})

test('markup in a question is text, and the policy lets no mistake make it more', async ({
  browser,
  world,
}) => {
  const { election } = world
  const { page, complaints } = await world.visit(browser, `vote/${election.id}/${election.codes[0]}`)
  await page.getByText(`Who? ${markup}`).waitFor()
  await page.getByLabel(`Anna ${markup}`).check()
  await page.getByRole('button', { name: en.vote.make }).click()
  await page.getByText(en.vote.compare).waitFor()
  await page.getByText(`Anna ${markup}`).waitFor()
  assert.is(await page.locator('img').count(), 0)
  assert.is(await page.evaluate('globalThis.owned'), undefined)
  assert.equal(complaints.all, [])
  const made = `try { document.body.insertAdjacentHTML('beforeend', ${JSON.stringify(markup)}); 'made' } catch (error) { error.name }`
  assert.is(await page.evaluate(made), 'TypeError')
  const policy = `try { trustedTypes.createPolicy('mine', {}); 'made' } catch (error) { error.name }`
  assert.is(await page.evaluate(policy), 'TypeError')
  await page.context().close()
  // Without the policy the same text does what it says
  const { page: bare } = await openPage(browser)
  await bare.setContent(`<p>Who? ${markup}`)
  await bare.waitForFunction('globalThis.owned === 1')
  await bare.context().close()
})

/** Opens the voter's link in a browser whose way to the server somebody holds. */
async function through(
  browser: Browser,
  world: ElectionWorld,
  hold: (context: BrowserContext) => Promise<unknown>,
): Promise<{ readonly text: string; readonly asked: readonly string[] }> {
  const { page } = await openPage(browser)
  const asked: string[] = []
  page.context().on('request', request => {
    asked.push(`${request.method()} ${request.url()} ${request.postData() ?? ''}`)
  })
  await hold(page.context())
  const { election, served } = world
  await page.goto(`${served.url}/ui/#vote/${election.id}/${election.codes[1]}`)
  await page
    .getByRole('alert')
    .or(page.getByText(en.vote.welcome(1)))
    .first()
    .waitFor()
  const text = (await page.locator('main').textContent()) ?? ''
  await page.context().close()
  return { text, asked }
}

test('another list of questions, other people or another log under the id of the link are refused', async ({
  browser,
  world,
  false_,
}) => {
  const { election, served } = world
  const text = writeDefinition(election.definition)
  const give = (name: string, body: string | Buffer) => async (context: BrowserContext) =>
    await context.route(`**/elections/*/${name}`, async route => await route.fulfill({ body }))
  const honest = await through(browser, world, async () => {})
  assert.match(honest.text, en.vote.welcome(1))
  assert.match(
    (await through(browser, world, give('election.json', text))).text,
    en.vote.welcome(1),
    'control',
  )
  const lies: readonly (readonly [string, (context: BrowserContext) => Promise<unknown>, string])[] = [
    ['a question', give('election.json', text.replace('Who?', 'Who not?')), en.failures.OTHER],
    ['people', give('election.json', writeDefinition(false_.election.definition)), en.failures.OTHER],
    ['no definition', give('election.json', '{}\n'), en.failures.OTHER],
    ['a roll', give('voters.bin', Buffer.from(writeRoll(false_.election.roll))), en.failures.LIED],
    [
      "another key, in others' log",
      async context =>
        await context.route('**/log/entries*', async route => {
          const { search } = new URL(route.request().url())
          const answer = await fetch(`${false_.served.url}/log/entries${search}`)
          await route.fulfill({ body: Buffer.from(await answer.arrayBuffer()) })
        }),
      en.failures.LIED,
    ],
  ]
  const before = served.controller.size
  for (const [what, lie, words] of lies) {
    const { text, asked } = await through(browser, world, lie)
    assert.match(text, words, what)
    assert.not.match(text, en.vote.welcome(1), what)
    assert.not.ok(
      asked.some(each => each.startsWith('POST')),
      `${what}: nothing is handed in`,
    )
  }
  assert.is(served.controller.size, before)
})

test('where WebAssembly is forbidden the page votes all the same, in JavaScript', async ({
  browser,
  world,
}) => {
  const { page, complaints } = await openPage(browser)
  await page.context().route('**/ui/*', async route => {
    const answer = await route.fetch()
    const policy = answer.headers()['content-security-policy']?.replace(" 'wasm-unsafe-eval'", '') ?? ''
    await route.fulfill({
      response: answer,
      headers: { ...answer.headers(), 'content-security-policy': policy },
    })
  })
  const { election, served } = world
  await page.goto(`${served.url}/ui/#vote/${election.id}/${election.codes[1]}`)
  await page.getByText(en.vote.welcome(1)).waitFor()
  await page.getByLabel('Bo').check()
  await page.getByRole('button', { name: en.vote.make }).click()
  await page.getByRole('button', { name: en.vote.cast }).click()
  await page.getByText(en.vote.taken).waitFor()
  // What it tried first is refused by the policy, and the browser says so
  assert.equal(
    complaints.all.filter(each => !each.includes('WebAssembly')),
    [],
  )
  await page.context().close()
})

test('a link in a letter leads to the page; nothing of elsewhere can ask, hand in or frame', async ({
  browser,
  world,
  evilUrl,
}) => {
  const { served, election } = world
  const { page } = await openPage(browser)
  await page.goto(evilUrl)
  const ask = async (path: string, init: object = {}): Promise<unknown> =>
    await page.evaluate(
      `fetch(${JSON.stringify(`${served.url}${path}`)}, ${JSON.stringify(init)}).then(r => r.status, () => 'refused')`,
    )
  assert.is(await ask('/elections'), 'refused')
  assert.is(await ask(`/elections/${election.id}`, { method: 'PUT', body: '{}' }), 'refused')
  await page.setContent(`<iframe src="${served.url}/ui/"></iframe>`)
  await page.waitForTimeout(500)
  assert.is(await page.frames()[1]?.locator('#app').count(), 0)
  await page.setContent(`<a href="${served.url}/ui/#standing/${election.id}">vote</a>`)
  await page.getByRole('link').click()
  await page.getByText(en.standing.votersOf('2', '2')).waitFor()
  await page.context().close()
})

test('a server takes no election that its owners have not agreed on, and nothing in the place of another', async ({
  world,
}) => {
  const { served, election } = world
  const put = async (id: string, definition: string, voters: Uint8Array): Promise<number> => {
    const body = JSON.stringify({ definition, voters: base64(voters) })
    const headers = { 'content-type': 'application/json' }
    return (await fetch(`${served.url}/elections/${id}`, { method: 'PUT', headers, body })).status
  }
  const own = writeDefinition(election.definition)
  const other = { ...election.definition, title: 'Another one' }
  const roll = writeRoll(election.roll)
  assert.is(await put(electionId(other), writeDefinition(other), roll), 409, 'nobody has agreed')
  assert.is(await put(electionId(other), own, roll), 400, 'is of another id')
  assert.is(await put(election.id, own, roll), 200, 'is there')
  assert.is(await put(election.id, writeDefinition(other), roll), 409, 'another one is there')
  assert.is(await put(election.id, own, roll.subarray(36)), 409, 'with another roll')
  assert.is(await put(election.id, own, roll), 200, 'and stays')
  const kept = await (await fetch(`${served.url}/elections/${election.id}/election.json`)).text()
  assert.is(parseDefinition(kept).title, election.definition.title, 'is what it was')
  for (const path of [
    '/elections/../log.key',
    `/elections/${election.id}/log.key`,
    '/elections/x/election.json',
  ])
    assert.is((await fetch(`${served.url}${path}`)).status, 404, path)
})

test.run()
