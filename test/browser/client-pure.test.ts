// What a client is made of, in a browser: tests that need no more of a machine than a page has, packed and run in
// Chromium as they are run in Node, and the conformance vectors of its packets. Once with wasm, once where the page's
// policy forbids it.

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters as plain } from 'node:util'
import type { Browser } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startBrowser } from './browser.ts'
import { packPrograms, sayings } from './in-page.ts'
import { type Site, serveFolder } from './site.ts'

const test = suite<{ browser: Browser; site: Site; folder: string }>('the client in Chromium')
const root = join(import.meta.dirname, '..', '..')
const vectors = join(root, '..', 'shared', 'vectors')

const ofCrypto = ['sphinx-commands', 'sphinx-crypto', 'sphinx-packet', 'sphinx-vectors']
const others = [
  ...['client-address', 'client-clocks', 'client-contact-vectors', 'client-contacts', 'client-delivery'],
  ...['client-fragments', 'client-message', 'client-session', 'client-surb', 'client-worker'],
  ...['world-rates', 'world-wait'],
]

test.before(async context => {
  context.folder = mkdtempSync(join(tmpdir(), 'chaffinch-in-page-'))
  const tests = [...ofCrypto, ...others].map(name => [name, `test/${name}.test.ts`])
  const entries = Object.fromEntries(tests) as Record<string, string>
  const folders = { 'test/vectors': join(root, 'test', 'vectors') }
  await packPrograms(entries, context.folder, folders)
  if (existsSync(vectors))
    await packPrograms({ conformance: 'test/browser/conformance-in-page.ts' }, context.folder, { vectors })
  context.site = await serveFolder(context.folder)
  context.browser = await startBrowser()
})

test.after(async ({ browser, site, folder }) => {
  await browser.close()
  await site.close()
  rmSync(folder, { recursive: true })
})

for (const name of [...ofCrypto, ...others, ...ofCrypto.map(of => `${of}-without-wasm`)])
  test(`${name}: every test passes`, async ({ browser, site }) => {
    const { text, complaints } = await sayings(browser, `${site.url}/${name}.html`, /Duration/)
    const counts = /Total: +(\d+)\s+Passed: +(\d+)/.exec(plain(text))
    assert.equal(complaints, [])
    assert.ok(Number(counts?.[1]) > 0 && counts?.[1] === counts?.[2], plain(text))
  })

for (const kind of ['', '-without-wasm'])
  test(`the vectors of others for packets${kind}`, async ({ browser, site }) => {
    if (!existsSync(vectors)) return console.log(`skipped: no vectors in ${vectors}`)
    const last = /(\d+) passed, (\d+) failed/
    const { text, complaints } = await sayings(browser, `${site.url}/conformance${kind}.html`, last)
    const [, passed, failed] = last.exec(text) ?? []
    assert.equal(complaints, [])
    assert.ok(Number(passed) >= 39 && failed === '0', text)
  })

test.run()
