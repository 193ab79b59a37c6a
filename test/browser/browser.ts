// A Chromium for a test: one a file, without a window, and a page that has nothing of any other.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { findChromium } from '../../world/chromium.ts'

/** Starts the Chromium of this machine. @param args further ones @throws Error where there is none */
export async function startBrowser(args: readonly string[] = []): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error('no Chromium here: apt-get install chromium')
  // Neither root nor a container has the namespaces that its sandbox wants
  return await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage', ...args] })
}

/** Keeps what a page said and should not have: errors of scripts, refusals of its policy, failed requests. */
export interface Complaints {
  readonly all: string[]
}

/** Opens a page with storage of its own. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ readonly page: Page; readonly complaints: Complaints }> {
  const context = await browser.newContext({ locale: 'en-US', ...options })
  const page = await context.newPage()
  const all: string[] = []
  page.on('pageerror', error => all.push(`error: ${error.stack ?? error.message}`))
  page.on('console', message => {
    // What the API refuses is said by the page; the browser notes it besides
    const refusal = /^Failed to load resource: the server responded with a status of 4\d\d /
    if (message.type() === 'error' && !refusal.test(message.text())) all.push(`console: ${message.text()}`)
  })
  return { page, complaints: { all } }
}

/** Something that axe finds wrong, and where. */
export interface Violation {
  readonly id: string
  readonly impact: string
  readonly where: readonly string[]
}

/**
 * Looks for what keeps people from using a page (axe-core): what it calls serious or critical. It is evaluated beside
 * the page's content policy, not by it.
 */
export async function violations(page: Page): Promise<Violation[]> {
  await page.evaluate(axe.source)
  const found = (await page.evaluate('axe.run(document)')) as {
    readonly violations: readonly {
      readonly id: string
      readonly impact: string
      readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[]
    }[]
  }
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, impact, nodes }) => ({
      id,
      impact,
      where: nodes.slice(0, 5).map(({ target, failureSummary }) => `${target.join(' ')}: ${failureSummary}`),
    }))
}

/** Pictures stay small, so that the repository does. */
const mostPictureBytes = 150_000

/** Takes the picture of docs/guide/pages with this name; PICTURES=FOLDER has it written there. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['PICTURES']
  const taken = await page.screenshot()
  if (taken.length >= mostPictureBytes) throw new Error(`the picture ${name} has ${taken.length} bytes`)
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${name}.png`), taken)
}

/** The size in which pages are taken for the guide. */
export const pictureSize = { width: 1000, height: 640 } as const

/** Asks again and again until there is something, for as long as the file may take. */
export async function until<T>(ask: () => Promise<readonly T[]>): Promise<readonly T[]> {
  for (;;) {
    const found = await ask()
    if (found.length > 0) return found
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

/** Presses the button of this name. */
export function press(page: Page, name: string): Promise<void> {
  return page.getByRole('button', { name, exact: true }).click()
}

/** Saves in a folder what a button hands over. @returns where it is */
export async function saved(page: Page, folder: string, name: string | RegExp): Promise<string> {
  const coming = page.waitForEvent('download')
  await page
    .getByRole('button', { name, exact: typeof name === 'string' })
    .first()
    .click()
  const download = await coming
  const path = join(folder, download.suggestedFilename())
  await download.saveAs(path)
  return path
}
