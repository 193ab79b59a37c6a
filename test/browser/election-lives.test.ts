// A whole election through the pages (docs/spec/pages.md 8 and 9), on programs that run as processes: an administrator
// prepares it, the operators of a mixer and of two trustees take part and close it, people vote, an auditor checks it.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { initKey, initMixnet } from '../../roles/mixnet/init.ts'
import { readArchive } from '../../web/election/archive.ts'
import { member as german } from '../../web/texts/de-member.ts'
import { election as en } from '../../web/texts/en-election.ts'
import { member as words } from '../../web/texts/en-member.ts'
import {
  type Complaints,
  openPage,
  picture,
  pictureSize,
  press,
  saved,
  startBrowser,
  until,
  violations,
} from './browser.ts'

const program = join(import.meta.dirname, '..', '..', 'dist', 'scripts', 'chaffinch.js')
const members = ['mia', 'tom', 'tea'] as const
type Name = (typeof members)[number]

interface Context {
  browser: Browser
  folder: string
  /** Where the mix-net is. */
  url: string
  running: ChildProcess[]
  pages: Map<Name, { readonly page: Page; readonly complaints: Complaints }>
  complaints: Complaints[]
  /** Everything that pages of the Controller have asked for. */
  asked: string[]
}

const test = suite<Context>('a whole election through the pages')

test.before(async context => {
  context.folder = mkdtempSync(join(tmpdir(), 'chaffinch-election-lives-'))
  context.browser = await startBrowser()
  Object.assign(context, { running: [], pages: new Map(), complaints: [], asked: [] })
  const { folder } = context
  const at = (...names: string[]): string => join(folder, ...names)
  const [mia = '', ...trustees] = members.map(name =>
    initKey(name === 'mia' ? 'mixer' : 'trustee', at(name), name),
  )
  const port = await freePort()
  context.url = `http://127.0.0.1:${port}/poll`
  const url = `http://127.0.0.1:${port}`
  initMixnet(at('board'), { name: 'poll', url, mixer: [mia], trustee: trustees, quorum: '2' })
  const start = (...args: string[]): void => {
    const child = spawn(process.execPath, [program, 'cascade', ...args], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'ignore'],
    })
    context.running.push(child)
  }
  start('controller', 'board')
  const withPage = ['--plan', join('board', 'mixnet.json'), '--port', '0']
  for (const name of members) start(name === 'mia' ? 'mixer' : 'trustee', name, ...withPage)
  for (const name of members) {
    await until(async () => (existsSync(join(folder, name, 'status-port')) ? [name] : []))
    const address = await addressOf(folder, name)
    const opened = await openPage(context.browser, { viewport: pictureSize })
    await opened.page.goto(address)
    context.pages.set(name, opened)
    context.complaints.push(opened.complaints)
  }
})

test.after(async ({ browser, running, folder }) => {
  await browser.close()
  for (const child of running) {
    const over = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGKILL')
    await over
  }
  rmSync(folder, { recursive: true, force: true })
})

/** Gives the address of a member's page: one by the command, the others as it asks for them. */
async function addressOf(folder: string, name: Name): Promise<string> {
  if (name === 'tom') {
    const args = [program, 'cascade', 'open', join(folder, name), '--print']
    const address = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim()
    assert.match(address, /^http:\/\/127\.0\.0\.1:\d+\/ui\/#[\w-]{22}$/)
    return address
  }
  const [port, token] = ['status-port', 'token'].map(file =>
    readFileSync(join(folder, name, file), 'utf8').trim(),
  )
  const headers = { authorization: `Bearer ${token}` }
  const answer = await fetch(`http://127.0.0.1:${port}/ui/codes`, { method: 'POST', headers })
  return `http://127.0.0.1:${port}/ui/#${((await answer.json()) as { readonly code: string }).code}`
}

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { readonly port: number }
      server.close(() => resolve(port))
    })
  })
}

async function visit({ browser, url, complaints, asked }: Context, hash: string): Promise<Page> {
  const opened = await openPage(browser, { viewport: pictureSize })
  complaints.push(opened.complaints)
  opened.page.context().on('request', request => {
    asked.push(`${request.url()} ${JSON.stringify(request.headers())} ${request.postData() ?? ''}`)
  })
  await opened.page.goto(`${url}/ui/#${hash}`)
  return opened.page
}

const pageOf = ({ pages }: Context, name: Name): Page => {
  const opened = pages.get(name)
  if (opened === undefined) throw new Error(`no page of ${name}`)
  return opened.page
}

const title = 'Who speaks for us'
let election = ''
let links: readonly string[] = []
const receipts = { replaced: '', counts: '' }

test('the ceremony of the key is seen on a trustee’s page, which has no key', async context => {
  const page = pageOf(context, 'tom')
  await page.getByRole('link', { name: words.how }).click()
  await page.getByText(words.isFounded).waitFor({ timeout: 90_000 })
  const row = page.getByRole('row', { name: /^tea/ })
  assert.equal(await row.getByRole('cell').allTextContents(), [
    'tea',
    words.whats.trustee,
    ...Array(4).fill(words.yes),
  ])
  await page.getByText(words.keyStays).waitFor()
  await picture(page, 'member-how')
  assert.equal(await violations(page), [])
})

test('an administrator prepares it, and only what is public goes to the server', async context => {
  const { folder, asked } = context
  const page = await visit(context, 'prepare')
  await page.getByText('tom, tea').waitFor()
  await page.getByLabel(en.prepare.name).fill(title)
  await page.getByLabel(en.prepare.text, { exact: true }).fill('Who?')
  await page.getByLabel(en.prepare.options, { exact: true }).fill('Anna\nBo\n\nCyril')
  await page.getByLabel(en.prepare.numbers.max, { exact: true }).fill('4')
  // As a spreadsheet of Windows writes it
  const register = Buffer.from(
    'Name;E-Mail;Stimmen\r\n"Ray; Zo\xeb";zoe@example.org;2\r\nBo;bo@example.org;1\r\n',
    'latin1',
  )
  const file = { name: 'voters.csv', mimeType: 'text/csv', buffer: register }
  await page.getByLabel(en.prepare.register).setInputFiles(file)
  await press(page, en.prepare.make)
  await page.getByText('question 1: max: want a whole number, 1 to 3').waitFor()
  await page.getByLabel(en.prepare.numbers.max, { exact: true }).fill('1')
  assert.equal(await violations(page), [])
  await picture(page, 'election-prepare')
  await press(page, en.prepare.make)
  await page.getByText(en.standing.votersOf('2', '3')).waitFor()
  await page.getByRole('cell', { name: 'Ray; Zoë' }).waitFor()
  await page.getByText(en.prepare.waits).waitFor()
  for (const name of ['election.json', 'voters.bin', 'codes.csv'])
    await saved(page, folder, en.vote.save(name))
  const codes = readFileSync(join(folder, 'codes.csv'), 'utf8').trimEnd().split('\r\n')
  assert.is(codes[0], 'name,mail,weight,code,link')
  links = codes.slice(1).map(line => line.split(',').at(-1) as string)
  election = /#vote\/([0-9a-f]{64})\//.exec(links[0] as string)?.[1] as string
  await page.getByText(election).first().waitFor()
  assert.equal(await violations(page), [])
  await page.getByRole('region', { name: en.prepare.made }).scrollIntoViewIfNeeded()
  await page.evaluate("document.querySelector('.result').scrollIntoView()")
  await picture(page, 'election-prepared')

  // Operators compare, and take part
  for (const name of members) {
    const own = pageOf(context, name)
    await own.getByRole('link', { name: words.asked }).click()
    const both = ['voters.bin', 'election.json'].map(each => join(folder, each))
    await own.getByLabel(words.choose).setInputFiles(both.slice(0, 1))
    await own.getByText(words.wantBoth).waitFor()
    await own.getByLabel(words.choose).setInputFiles(both)
    await own.getByText(election).waitFor()
    await own.getByText('Anna, Bo, Cyril').waitFor()
    if (name === 'tea') {
      await own.getByRole('region', { name: words.takePart }).scrollIntoViewIfNeeded()
      await picture(own, 'member-take')
      assert.equal(await violations(own), [])
    }
    await press(own, words.take)
    await own.getByRole('heading', { name: title }).waitFor()
  }
  await page.getByText(en.prepare.published).waitFor({ timeout: 60_000 })
  const all = asked.join('\n')
  assert.match(all, '"definition"', 'the control: what is public went there')
  for (const secret of [...links.map(link => link.slice(-29)), 'Zo', 'example.org', 'name,mail'])
    assert.not.ok(all.includes(secret), `a request has ${secret}`)
  await page.context().close()
})

test('people vote by their links: one looks into a ballot first, one votes twice', async context => {
  const { folder, asked } = context
  asked.length = 0
  const hashes = links.map(link => link.slice(link.indexOf('#') + 1))
  const first = await visit(context, hashes[0] as string)
  const vote = async (page: Page, whom: string): Promise<void> => {
    await page.getByLabel(whom, { exact: true }).check()
    await press(page, en.vote.make)
    await page.getByText(en.vote.compare).waitFor()
  }
  await first.getByText(en.vote.welcome(2)).waitFor()
  await vote(first, 'Bo')
  const tracker = await first.locator('.tracker').textContent()
  await press(first, en.vote.reveal)
  const opened = await saved(first, folder, en.vote.save(`opened-1-${tracker}.json`))
  const other = await visit(context, `check/${election}`)
  await other.getByLabel(en.check.chooseOpened).setInputFiles(opened)
  assert.is(await other.locator('.found li').textContent(), 'Bo')
  await press(first, en.vote.anew)
  await first.getByLabel(en.vote.code).fill(hashes[0]?.split('/').at(-1) as string)
  await press(first, en.vote.enter)
  await vote(first, 'Anna')
  await press(first, en.vote.cast)
  await first.getByText(en.vote.taken).waitFor()
  receipts.replaced = await saved(
    first,
    folder,
    en.vote.save(`receipt-1-${await first.locator('.tracker').textContent()}.json`),
  )
  await press(first, en.vote.anew)
  await first.getByLabel(en.vote.code).fill(hashes[0]?.split('/').at(-1) as string)
  await press(first, en.vote.enter)
  await first.getByText(en.vote.again).waitFor()
  await vote(first, 'Cyril')
  await press(first, en.vote.cast)
  await first.getByText(en.vote.taken).waitFor()
  await other.getByLabel(en.check.chooseReceipt).setInputFiles(receipts.replaced)
  await other.getByText(en.check.fates.replaced).waitFor()
  const second = await visit(context, hashes[1] as string)
  await vote(second, 'Cyril')
  await press(second, en.vote.cast)
  await second.getByText(en.vote.taken).waitFor()
  receipts.counts = await saved(
    second,
    folder,
    en.vote.save(`receipt-1-${await second.locator('.tracker').textContent()}.json`),
  )
  for (const page of [first, second, other]) await page.context().close()
  for (const link of links) assert.not.ok(asked.join('\n').includes(link.slice(-29)), 'a request has a code')
})

test('two operators close it, and trustees hand in their shares', async context => {
  for (const name of ['mia', 'tom'] as const) {
    const page = pageOf(context, name)
    await page.getByRole('link', { name: words.asked }).click()
    await page.getByText('2 / 2').waitFor()
    await press(page, words.closeNow)
    const dialog = page.getByRole('dialog')
    await dialog.getByText(words.closeSays).waitFor()
    assert.equal(await violations(page), [])
    await dialog.getByRole('button', { name: words.closeNow }).click()
    await page.getByText(words.closes('').trim()).waitFor()
  }
  const page = pageOf(context, 'tea')
  await page.getByRole('link', { name: words.asked }).click()
  await page.getByText(en.standing.stages.opened).waitFor({ timeout: 60_000 })
  await page.getByText(words.share(true)).waitFor()
  await page.getByRole('heading', { name: words.elections }).scrollIntoViewIfNeeded()
  await picture(page, 'member-asked')
  await page.getByRole('link', { name: words.signed }).click()
  await page.getByRole('cell', { name: 'action cycle share' }).waitFor()
  await page.getByRole('cell', { name: 'action negotiation make key' }).first().waitFor()
  await picture(page, 'member-signed')
  for (const width of [360, 3840]) {
    await page.setViewportSize({ width, height: 800 })
    for (const section of ['asked', 'how', 'signed', 'log']) {
      await page.evaluate(`location.hash = '#${section}'`)
      await page.locator('main h2').first().waitFor()
      assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= width, section)
    }
    await page.emulateMedia({ colorScheme: 'dark' })
    assert.equal(await violations(page), [])
  }
})

test('the operator of a trustee reads German, by keyboard alone', async ({ browser, folder }) => {
  const { page, complaints } = await openPage(browser, { locale: 'de-DE' })
  await page.goto(await addressOf(folder, 'tea'))
  await page.getByRole('link', { name: german.how }).waitFor()
  const opens = async (section: string): Promise<void> => {
    for (let n = 0; n < 20; n++) {
      await page.keyboard.press('Tab')
      if ((await page.evaluate('document.activeElement.textContent')) === section) break
    }
    await page.keyboard.press('Enter')
  }
  await opens(german.how)
  await page.getByText(german.keyStays).waitFor()
  assert.equal(await violations(page), [])
  await opens(german.signed)
  await page.getByRole('heading', { name: german.signed }).waitFor()
  await page.getByRole('cell', { name: 'action cycle share' }).waitFor()
  await opens(german.asked)
  await page.getByText(german.share(true)).waitFor()
  assert.equal(await violations(page), [])
  assert.equal(complaints.all, [])
  await page.context().close()
})

test('an auditor checks it, a receipt counts, and a changed byte is refused', async context => {
  const { folder } = context
  const page = await visit(context, `audit/${election}`)
  await press(page, en.audit.here)
  await page.getByText(/Everything holds, from 2 ballots/).waitFor({ timeout: 60_000 })
  await page.getByRole('row', { name: /^Cyril 1 3 yes/ }).waitFor()
  const files = readArchive(new Uint8Array(readFileSync(await saved(page, folder, en.result.folder))))
  const copy = join(folder, 'copy')
  for (const { name, bytes } of files) {
    mkdirSync(dirname(join(copy, name)), { recursive: true })
    writeFileSync(join(copy, name), bytes)
  }
  const text = readFileSync(join(copy, 'result.json'), 'utf8')
  writeFileSync(join(copy, 'result.json'), text.replace('"votes":3', '"votes":4'))
  await page.getByLabel(en.audit.folder).setInputFiles(copy)
  await page.locator('.checks .bad[data-check=result]').waitFor({ timeout: 60_000 })
  // The command says the same of the folder that the page has saved
  writeFileSync(join(copy, 'result.json'), text)
  const said = execFileSync(process.execPath, [
    program,
    'election',
    'verify',
    copy,
    '--id',
    election,
    '--json',
  ])
  assert.is((JSON.parse(said.toString()) as { readonly holds: boolean }).holds, true)
  await page.evaluate(`location.hash = '#check/${election}'`)
  for (const [file, fate] of [
    [receipts.replaced, en.check.fates.replaced],
    [receipts.counts, en.check.fates.counts],
  ] as const) {
    await page.getByLabel(en.check.chooseReceipt).setInputFiles(file)
    await page.getByText(fate).waitFor()
  }
  assert.equal(
    context.complaints.flatMap(({ all }) => all),
    [],
  )
})

test.run()
