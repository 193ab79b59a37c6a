// The page of `chaffinch net` (docs/spec/pages.md 6), in both languages: nodes and layers, claims as they settle, what
// an observer sees beside what is true, messages by hand, and processes that are killed, stopped and started again. The
// network behind it is handed in; test/net-page.test.ts has one of processes.

import type { Hono } from 'hono'
import type { Browser } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { MessageNow, NetState, ProcessNow } from '../../scripts/network/page-state.ts'
import { de } from '../../web/texts/de.ts'
import { en } from '../../web/texts/en.ts'
import { systemClock } from '../../world/clock.ts'
import { type Loopback, serveLoopback } from '../../world/http.ts'
import { Pages } from '../../world/pages/pages.ts'
import { systemRandom } from '../../world/random.ts'
import { openPage, picture, pictureSize, startBrowser, violations } from './browser.ts'

const test = suite<{ browser: Browser }>('the page of a network on this machine')
const sections = ['network', 'messages', 'seen', 'claims', 'events']

test.before(async context => {
  context.browser = await startBrowser()
})

test.after(async ({ browser }) => {
  await browser.close()
})

interface FakeNet extends Loopback {
  /** Lists what it was told to do. */
  readonly told: string[]
}

/** A network as `chaffinch net` describes it. */
async function fakeNet(): Promise<FakeNet> {
  const told: string[] = []
  const states = new Map<string, ProcessNow['state']>([['mix-4', 'dead']])
  const byHand: MessageNow[] = []
  const server = await serveLoopback({
    port: 0,
    token: 'the token of a test, long enough',
    pages: new Pages({ page: 'net', owner: () => false, clock: systemClock, random: systemRandom }),
    routes(app: Hono) {
      app.get('/net', context => context.json(stateOf(states, byHand, context.req.query('of') ?? '')))
      app.post('/net/messages', async context => {
        const { from, to, text, count } = (await context.req.json()) as Record<string, string>
        told.push(`${from} ${to} ${text} ${count}`)
        byHand.push(message(byHand.length, String(from), String(to), String(text)))
        return context.json({}, 201)
      })
      app.post('/net/processes/:name', async context => {
        const { do: what } = (await context.req.json()) as { do: string }
        const name = context.req.param('name')
        told.push(`${what} ${name}`)
        states.set(name, what === 'kill' ? 'dead' : what === 'stop' ? 'stopped' : 'up')
        return context.json({})
      })
    },
  })
  return Object.assign(server, { told })
}

function message(i: number, from: string, to: string, text: string | undefined): MessageNow {
  const acceptedAt = Date.now() - 20_000 + 900 * i
  const read = { readAt: [acceptedAt + 4000], replyReadAt: [acceptedAt + 9000] }
  return { id: `${text}-${i}`, from, to, bytes: 900, text, acceptedAt, state: 'read', ...read }
}

function stateOf(
  states: ReadonlyMap<string, ProcessNow['state']>,
  byHand: readonly MessageNow[],
  of: string,
): NetState {
  const now = Date.now()
  const names = (role: ProcessNow['role'], count: number): ProcessNow[] =>
    Array.from({ length: count }, (_, i) => ({
      ...{ name: `${role}-${i}`, role, state: states.get(`${role}-${i}`) ?? 'up' },
      layer: role === 'mix' ? i % 3 : undefined,
      phase: role === 'authority' ? 'votes' : undefined,
      ...{ held: 3 + i, forwarded: 800 * i, perSecond: 70 + i, dropped: i === 1 ? 4 : 0, queued: i },
    }))
  const links = [
    'client-0 → gateway-0',
    'gateway-0 → client-0',
    'client-1 → gateway-1',
    'gateway-1 → client-1',
  ]
  return {
    now,
    startedAt: now - 60_000,
    network: {
      ...{
        epoch: 3,
        epochMs: 20_000,
        epochLeftMs: 16_000,
        signers: 3,
        authorities: 3,
        hash: '5f'.repeat(32),
      },
      phases: { descriptors: 1 / 8, votes: 2 / 8, agreement: 3 / 8, reveals: 4 / 8, signatures: 5 / 8 },
      counts: { of: 12, sent: 12, read: 9, replies: 7 },
      latency: { drawnMs: 231, totalMs: 1940 },
    },
    processes: [...names('authority', 3), ...names('mix', 6), ...names('gateway', 2), ...names('client', 6)],
    claims: [
      { id: 'consensus-agreed', at: 'holds', value: '{"epochs":3,"split":0}' },
      { id: 'messages-read-once', at: 'open', value: '{"once":9,"of":12}' },
      { id: 'none-failed', at: 'broken', value: '{"failed":["mix-1: exit code 1"]}' },
    ],
    messages: [
      ...Array.from({ length: 8 }, (_, i) => message(i, 'client-0', 'client-1', undefined)),
      ...byHand,
    ],
    seen: {
      ...{ from: now - 60_000, stretchMs: 1000 },
      links: links
        .filter(link => of === 'client' || link.includes(of))
        .map((link, row) => ({
          link,
          bytes: Array.from({ length: 60 }, (_, i) => 20_000 + ((i * 7 + row) % 5) * 900),
        })),
    },
    events: [
      {
        at: 8200,
        words: 'consensus of epoch 0 signed by 3',
        what: { event: 'consensus', epoch: 0, signers: 3, hash: '5f' },
      },
      {
        at: 14_100,
        words: 'mix-4 was killed, 3 messages in flight',
        what: { event: 'killed', name: 'mix-4', inFlight: 3 },
      },
    ],
  }
}

for (const [locale, texts, killed] of [
  ['en-US', en, 'mix-4 was killed, 3 messages in flight'],
  ['de-DE', de, 'mix-4 wurde beendet, mit 3 Nachrichten unterwegs'],
] as const) {
  test(`${locale}: what is, what an observer sees, the claims, what happened`, async ({ browser }) => {
    await using net = await fakeNet()
    const { page, complaints } = await openPage(browser, { locale })
    await page.goto(net.pageUrl())
    const go = (name: string): Promise<void> =>
      page.getByRole('navigation').getByRole('link', { name }).click()
    await page.getByText(texts.net.run(16, 17)).waitFor()
    await page.getByText(texts.net.phaseNow(texts.net.phases.votes)).waitFor()
    await page.getByRole('row', { name: /^mix-1 .* 800 / }).waitFor()
    assert.is(await page.locator('.topology [data-id="mix-4"].bad').count(), 1)
    await go(texts.net.seen)
    assert.is(await page.locator('.times .there').count(), 8)
    assert.is(await page.locator('.times .reply:visible').count(), 8)
    assert.ok((await page.locator('.times .bytes').count()) > 100)
    await page.getByLabel(texts.net.linksOf).selectOption('gateway-1')
    await page.getByText('client-0 → gateway-0').last().waitFor({ state: 'detached' })
    await go(texts.net.claims)
    await page
      .getByRole('row', { name: texts.net.says['none-failed'] })
      .getByText(texts.net.claimStates.broken)
      .waitFor()
    await page
      .getByRole('row', { name: texts.net.says['messages-read-once'] })
      .getByText(texts.net.claimStates.open)
      .waitFor()
    await go(texts.net.events)
    await page.getByText(killed).waitFor()
    assert.equal(complaints.all, [])
  })

  test(`${locale}: a message by hand, and processes that are killed, stopped and started`, async ({
    browser,
  }) => {
    await using net = await fakeNet()
    const { page, complaints } = await openPage(browser, { locale })
    await page.goto(net.pageUrl())
    const press = (what: string, name: string): Promise<void> =>
      page.getByRole('button', { name: `${what} ${name}`, exact: true }).click()
    await press(texts.net.acts.start, 'mix-4')
    await page.getByText(texts.net.run(17, 17)).waitFor()
    await press(texts.net.acts.kill, 'gateway-1')
    await press(texts.net.acts.start, 'gateway-1')
    await press(texts.net.acts.stop, 'client-2')
    await page
      .getByRole('row', { name: /^client-2/ })
      .getByText(texts.net.states.stopped)
      .waitFor()
    await press(texts.net.acts.resume, 'client-2')
    await page.getByText(texts.net.run(17, 17)).waitFor()
    await page.getByRole('navigation').getByRole('link', { name: texts.sections.messages }).click()
    await page.getByLabel(texts.net.from).selectOption('client-3')
    await page.getByLabel(texts.net.to, { exact: true }).selectOption('client-5')
    await page.getByRole('textbox', { name: texts.compose.message }).fill('<b>by hand</b>')
    await page.keyboard.press('Enter')
    await page.getByRole('cell', { name: '<b>by hand</b>' }).waitFor()
    await page.getByRole('button', { name: texts.net.sendMany(10) }).click()
    await page.getByText(texts.net.handed).waitFor()
    assert.equal(net.told, [
      ...['start mix-4', 'kill gateway-1', 'start gateway-1', 'stop client-2', 'resume client-2'],
      ...['client-3 client-5 <b>by hand</b> 1', 'client-3 client-5 <b>by hand</b> 10'],
    ])
    assert.equal(complaints.all, [])
  })
}

for (const [width, colorScheme] of [[360, 'light'] as const, [3840, 'dark'] as const])
  test(`${width} pixels, ${colorScheme}: every section fits, and axe finds nothing serious`, async ({
    browser,
  }) => {
    await using net = await fakeNet()
    const { page } = await openPage(browser, { viewport: { width, height: 800 }, colorScheme })
    await page.goto(net.pageUrl())
    for (const section of sections) {
      await page.getByRole('navigation').waitFor()
      await page.evaluate(`location.hash = '#${section}'`)
      await page.locator('main h2').waitFor()
      assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= width, section)
      assert.equal(await violations(page), [], section)
    }
  })

test('a node is killed by keyboard alone', async ({ browser }) => {
  await using net = await fakeNet()
  const { page } = await openPage(browser)
  await page.goto(net.pageUrl())
  const wanted = page.getByRole('button', { name: 'Kill mix-0', exact: true })
  await wanted.waitFor()
  const isThere = (): Promise<boolean> =>
    wanted.evaluate(button => button === button.ownerDocument.activeElement)
  for (let n = 0; n < 60 && !(await isThere()); n++) await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Start mix-0', exact: true }).waitFor()
  assert.equal(net.told, ['kill mix-0'])
})

test('pictures of it, small', async ({ browser }) => {
  await using net = await fakeNet()
  const { page } = await openPage(browser, { viewport: pictureSize })
  await page.goto(net.pageUrl())
  await page.getByRole('navigation').waitFor()
  for (const [name, hash] of [
    ['net', 'network'],
    ['net-seen', 'seen'],
  ] as const) {
    await page.evaluate(`location.hash = '#${hash}'`)
    await page.locator('main svg').first().waitFor()
    await picture(page, name)
  }
})

test.run()
