// `chaffinch open` against a daemon that runs as people run it: a process, on a network over TCP. Its address lets one
// tab in, once, and from there a message reaches somebody; when the daemon ends the page says so.
// needs: dist

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { initClient, initNetwork } from '../../roles/files/init.ts'
import { type LocalNetwork, localNetwork } from '../../simulator/local.ts'
import { freePorts } from '../../simulator/processes/index.ts'
import { en } from '../../web/texts/en.ts'
import { minute } from '../../world/units.ts'
import { openPage, startBrowser, until } from './browser.ts'

interface World {
  browser: Browser
  local: LocalNetwork
  folder: string
  config: string
  daemon: ChildProcess
}

const test = suite<World>('chaffinch open')
const program = join(import.meta.dirname, '..', '..', 'dist', 'scripts', 'chaffinch.js')

test.before(async context => {
  // Slow clocks: the browser beside it wants the processor
  const parameters = { payloadPerMinute: 240, loopPerMinute: 12, dropPerMinute: 12, readPerMinute: 120 }
  const counts = { authorities: 1, mixes: 3, gateways: 2, clients: 1 }
  context.local = await localNetwork({ ...counts, epochMs: 20 * minute, parameters })
  context.folder = mkdtempSync(join(tmpdir(), 'chaffinch-open-'))
  const networkFile = join(context.folder, 'network.toml')
  initNetwork(networkFile, context.local.network)
  const [apiPort = 0] = await freePorts(1)
  initClient(join(context.folder, 'me'), { networkFile, apiPort, dialFrom: undefined })
  context.config = join(context.folder, 'me', 'client.toml')
  const args = [program, 'client', '--config', context.config]
  context.daemon = spawn(process.execPath, args, { stdio: 'ignore' })
  context.browser = await startBrowser()
})

test.after(async ({ browser, daemon, local, folder }) => {
  await browser.close()
  if (daemon.exitCode === null) {
    daemon.kill('SIGTERM')
    await once(daemon, 'exit')
  }
  await local.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Gives what `chaffinch open --print` prints; it is asked again until the daemon answers. */
async function addressOf(config: string): Promise<string> {
  const [address] = await until(async () => {
    if (!existsSync(join(config, '..', 'data', 'token'))) return []
    const child = spawn(process.execPath, [program, 'open', '--print', '--config', config])
    let out = ''
    child.stdout.on('data', chunk => {
      out += chunk
    })
    const [code] = (await once(child, 'close')) as [number]
    return code === 0 ? [out.trim()] : []
  })
  return address as string
}

test('its address lets one tab in, and a message goes from there', async ({
  browser,
  local,
  config,
  daemon,
}) => {
  const [bob] = local.clients
  const address = await addressOf(config)
  assert.match(address, /^http:\/\/127\.0\.0\.1:\d+\/ui\/#[\w-]{22}$/)
  const { page, complaints } = await openPage(browser, { locale: 'en-US' })
  await page.goto(address)
  await page.getByRole('link', { name: en.messages.write }).click()
  await page.getByRole('textbox', { name: en.messages.toAddress }).fill(bob?.address ?? '')
  await page.getByRole('button', { name: en.messages.begin }).click()
  await page.getByText(en.state.ready).waitFor({ timeout: 0 })
  await page
    .getByRole('textbox', { name: en.compose.message, exact: true })
    .fill('from the page of a process')
  await page.keyboard.press('Enter')
  await until(
    async () => (await bob?.inbox())?.filter(({ text }) => text === 'from the page of a process') ?? [],
  )
  assert.equal(complaints.all, [])

  const { page: second } = await openPage(browser, { locale: 'en-US' })
  await second.goto(address)
  await second.getByText(en.closed.why.code).waitFor()

  daemon.kill('SIGTERM')
  await once(daemon, 'exit')
  await page.getByText(en.state.away).waitFor({ timeout: 0 })
})

test.run()
