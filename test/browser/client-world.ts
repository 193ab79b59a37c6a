// For tests of the client in a browser: a network in this process that listens for WebSockets, and a site on loopback
// with examples/browser, packed as its README says. What a page does over the network it does for real.

import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Browser, Page } from 'playwright-core'
import { initNetwork } from '../../roles/files/init.ts'
import { type LocalNetwork, type LocalOptions, localNetwork } from '../../simulator/local.ts'
import { openPage } from './browser.ts'
import { serveFolder } from './site.ts'

const root = join(import.meta.dirname, '..', '..')

/** Packs examples/browser, and a page of the tests, in a folder that has the package installed. */
async function packApp(home: string): Promise<string> {
  mkdirSync(join(home, 'node_modules'))
  symlinkSync(root, join(home, 'node_modules', 'chaffinch'))
  cpSync(join(root, 'examples', 'browser'), home, { recursive: true })
  cpSync(join(import.meta.dirname, 'people.js'), join(home, 'people.js'))
  const www = join(home, 'www')
  await build({
    entryPoints: ['chat.js', 'people.js', 'worker.js'].map(name => join(home, name)),
    outdir: www,
    bundle: true,
    splitting: true,
    platform: 'browser',
    format: 'esm',
    logLevel: 'warning',
  })
  cpSync(join(home, 'index.html'), join(www, 'index.html'))
  const people = '<!doctype html><title>People</title><script type="module" src="people.js"></script>'
  writeFileSync(join(www, 'people.html'), people)
  return www
}

/** A small network, and slow clocks: the browsers want the processor. */
export const unhurried: LocalOptions = {
  ...{ authorities: 1, mixes: 3, gateways: 3, clients: 0 },
  parameters: { payloadPerMinute: 180, loopPerMinute: 12, dropPerMinute: 12, readPerMinute: 120 },
}

/** Opens a page of a person with a browser profile of their own. */
export async function personOf(
  browser: Browser,
  url: string,
): Promise<{ page: Page; complaints: readonly string[] }> {
  const { page, complaints } = await openPage(browser)
  await page.goto(url)
  return { page, complaints: complaints.all }
}

export interface ChatWorld {
  readonly local: LocalNetwork
  readonly url: string
  close(): Promise<void>
}

/** Starts a network that browsers reach, and the site of examples/browser for it. */
export async function chatWorld(options: LocalOptions): Promise<ChatWorld> {
  const local = await localNetwork({ ...options, webSockets: true })
  const home = mkdtempSync(join(tmpdir(), 'chaffinch-app-'))
  const www = await packApp(home)
  initNetwork(join(www, 'network.toml'), local.network)
  const site = await serveFolder(www)
  return {
    local,
    url: site.url,
    async close() {
      await site.close()
      await local.stop()
      rmSync(home, { recursive: true })
    },
  }
}
