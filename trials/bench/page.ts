// npm run bench -- page [--json] [--rounds 15]: what the pages and the client of a browser weigh, and how they behave
// in a Chromium: until something is seen, from a key to the next picture with 10,000 messages and with 1,000 nodes, and
// what a packet costs there and in Node in the same run.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { type Browser, chromium, type Page } from 'playwright-core'
import { median } from 'simple-statistics'
import { CommandError, wholeNumber } from '../../encoding/command-line.ts'
import { findChromium } from '../../world/chromium.ts'
import { crowdedDaemon } from './page-daemon.ts'
import { clientScript, clientSize, packPage, pageBytes } from './page-sizes.ts'
import { wrapping } from './page-wrap.ts'

const root = join(import.meta.dirname, '..', '..')
const wrapsARound = 25

interface Result {
  /** Weighs what a browser loads of a person's page, gzipped; and of a client with its wasm. */
  readonly pageKBGzip: number
  readonly clientKBGzip: number
  /** From the beginning of a visit until something is drawn: median of five. */
  readonly firstPaintMs: number
  /** The longest time from an input until the next picture, while messages come. */
  readonly inputDelayMs: { readonly messages10000: number; readonly nodes1000: number }
  /** A packet of five hops, in Chromium with wasm, and in Node with sodium: the best round of each, by the clock. */
  readonly wrapMs: number
  readonly nodeWrapMs: number
  readonly wrapRatio: number
}

export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false }, rounds: { type: 'string' } },
  })
  const rounds = values.rounds === undefined ? 15 : wholeNumber('rounds', values.rounds, 1, 1000)
  const executablePath = findChromium()
  if (executablePath === undefined)
    throw new CommandError('FAILED', 'no Chromium here', 'apt-get install chromium, or CHROMIUM=FILE')
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-bench-'))
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
  try {
    const client = clientSize(await packPage(root, join(folder, 'client'), clientScript))
    const wrap = await measureWraps(browser, folder, rounds)
    const result: Result = {
      pageKBGzip: tenths(pageBytes(join(root, 'dist', 'web'), 'client') / 1000),
      clientKBGzip: tenths(client.bytes / 1000),
      ...(await measurePage(browser)),
      ...wrap,
    }
    if (values.json) console.log(JSON.stringify(result))
    else console.table(result)
  } finally {
    await browser.close()
    rmSync(folder, { recursive: true })
  }
}

/** Looks at the page of a daemon with 10,000 messages in a network of 1,000 nodes. */
async function measurePage(browser: Browser): Promise<Pick<Result, 'firstPaintMs' | 'inputDelayMs'>> {
  await using daemon = await crowdedDaemon({ messages: 10_000, nodes: 1000 })
  const paints: number[] = []
  for (let i = 0; i < 5; i++) {
    const page = await newPage(browser)
    await page.goto(daemon.pageUrl())
    await page.getByRole('navigation').waitFor()
    const first = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    await page.waitForFunction(first)
    paints.push(Number(await page.evaluate(first)))
    await page.context().close()
  }
  const page = await newPage(browser)
  await page.goto(daemon.pageUrl())
  const messages = await slowest(page, async () => {
    await page.getByRole('link', { name: /^bob/ }).click()
    await page.locator('.message.them').first().waitFor()
    await page.getByRole('textbox', { name: 'Message' }).click()
    await page.keyboard.type('Whether a letter shows at once is what people feel first.', { delay: 40 })
    await page.getByRole('button', { name: /earlier/ }).click()
  })
  const nodes = await slowest(page, async () => {
    await page.getByRole('link', { name: 'Network' }).click()
    const find = page.getByRole('textbox', { name: 'Find a node' })
    await find.click()
    for (const letters of ['a1', 'b', '', 'ff']) {
      await find.fill('')
      await page.keyboard.type(letters, { delay: 40 })
    }
    await page.locator('td button').first().click()
  })
  return {
    firstPaintMs: tenths(median(paints)),
    inputDelayMs: { messages10000: messages, nodes1000: nodes },
  }
}

async function newPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-US' })
  const page = await context.newPage()
  await page.addInitScript(`
    globalThis.inputs = []
    new PerformanceObserver(list => inputs.push(...list.getEntries().map(({ duration }) => duration)))
      .observe({ type: 'event', durationThreshold: 16, buffered: true })`)
  return page
}

/** Tells the longest time from an input to the picture behind it; the browser counts in steps of 8 ms, from 16 on. */
async function slowest(page: Page, act: () => Promise<void>): Promise<number> {
  await page.evaluate('inputs.length = 0')
  await act()
  // What was painted last is told a little later
  await page.evaluate('new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve, 200)))')
  return Number(await page.evaluate('Math.max(16, ...inputs)'))
}

/** Measures round by round, here and there, so that a slow moment of the machine strikes both. */
async function measureWraps(
  browser: Browser,
  folder: string,
  rounds: number,
): Promise<Pick<Result, 'wrapMs' | 'nodeWrapMs' | 'wrapRatio'>> {
  const outfile = join(folder, 'wrap.js')
  await build({
    entryPoints: [join(import.meta.dirname, 'page-wrap.ts')],
    outfile,
    bundle: true,
    platform: 'browser',
    format: 'esm',
    conditions: ['chaffinch-source'],
    minify: true,
    logLevel: 'error',
  })
  const page = await browser.newPage()
  await page.addScriptTag({ type: 'module', content: readFileSync(outfile, 'utf8') })
  await page.waitForFunction('globalThis.wrapping !== undefined')
  const here = wrapping()
  const [ofNode, ofPage]: [number[], number[]] = [[], []]
  // The first rounds warm the compilers up
  for (let round = -3; round < rounds; round++) {
    const times = [here(wrapsARound), Number(await page.evaluate(`wrapping(${wrapsARound})`))] as const
    if (round < 0) continue
    ofNode.push(times[0])
    ofPage.push(times[1])
  }
  const [wrapMs, nodeWrapMs] = [Math.min(...ofPage), Math.min(...ofNode)]
  return {
    wrapMs: thousandths(wrapMs),
    nodeWrapMs: thousandths(nodeWrapMs),
    wrapRatio: thousandths(wrapMs / nodeWrapMs),
  }
}

function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10
}
