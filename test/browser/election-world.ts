// An election on a Controller over HTTP for tests of its page: owners who have agreed on everything, in one process.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page, Request } from 'playwright-core'
import { type Plan, signerOf } from '../../cascade/index.ts'
import { type Served, serveController } from '../../cascade/server/index.ts'
import { base64 } from '../../encoding/base64.ts'
import { hex } from '../../encoding/bytes.ts'
import { PublicElections } from '../../roles/mixnet/public-elections.ts'
import { writeDefinition, writeRoll } from '../../voting/index.ts'
import type { Question } from '../../voting/question.ts'
import { systemClock } from '../../world/clock.ts'
import { seededRandom, systemRandom } from '../../world/random.ts'
import { Election, group } from '../voting-world.ts'
import { type Complaints, openPage, startBrowser } from './browser.ts'

export const mixnetName = 'poll'

export interface Visit {
  readonly page: Page
  readonly complaints: Complaints
  /** Everything that the page asked for: address, headers and body. */
  readonly requests: readonly string[]
}

export interface ElectionWorld {
  readonly served: Served
  readonly election: Election
  /** Opens the page; `hash` is what stands behind # in its address. */
  visit(browser: Browser, hash: string, options?: BrowserContextOptions): Promise<Visit>
  close(): Promise<void>
}

export interface WorldOptions {
  readonly seed: number
  readonly weights: readonly number[]
  readonly questions?: readonly Question[]
  readonly closes_at?: string
}

/** Holds what tests of the page share: a browser, an election, and a folder for what the page saves. */
export interface ElectionContext {
  browser: Browser
  world: ElectionWorld
  place: string
}

/** Begins what tests share. */
export async function begin(context: ElectionContext, options: WorldOptions): Promise<void> {
  context.world = await electionWorld(options)
  context.browser = await startBrowser()
  context.place = mkdtempSync(join(tmpdir(), 'chaffinch-page-files-'))
}

export async function end({ browser, world, place }: ElectionContext): Promise<void> {
  await browser.close()
  await world.close()
  rmSync(place, { recursive: true })
}

/** Founds an election, and hands it to its Controller as an administrator's page does. */
export async function electionWorld(options: WorldOptions): Promise<ElectionWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-election-page-'))
  const seed = systemRandom(32)
  const elections = new PublicElections(planOf(options.seed, seed), folder)
  const served = await serveController({
    mixnet: mixnetName,
    group,
    seed,
    storage: join(folder, 'journal.sqlite'),
    port: 0,
    clock: systemClock,
    routes: (app, controller) => elections.routes(app, controller),
    linked: elections.linked,
  })
  const election = await Election.of({
    ...options,
    served: { controller: served.controller, mixnet: mixnetName },
  })
  const put = await fetch(`${served.url}/elections/${election.id}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      definition: writeDefinition(election.definition),
      voters: base64(writeRoll(election.roll)),
    }),
  })
  if (put.status !== 201) throw new Error(`the election was not taken: ${put.status} ${await put.text()}`)
  return {
    served,
    election,
    async visit(browser, hash, init = {}) {
      const { page, complaints } = await openPage(browser, init)
      const requests: string[] = []
      page.context().on('request', (request: Request) => {
        requests.push(`${request.url()} ${JSON.stringify(request.headers())} ${request.postData() ?? ''}`)
      })
      await page.goto(`${served.url}/ui/${hash === '' ? '' : `#${hash}`}`)
      return { page, complaints, requests }
    },
    async close() {
      await served.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Gives the plan of the owners whom `Election` draws from its seed: two mixers and three trustees. */
function planOf(dice: number, controllerSeed: Uint8Array): Plan {
  const random = seededRandom(dice)
  random(32)
  const keys = Array.from({ length: 5 }, () => hex(signerOf(random(32)).keyData))
  return {
    mixnet: mixnetName,
    url: `http://127.0.0.1/${mixnetName}`,
    controller_key: hex(signerOf(controllerSeed).keyData),
    mixers: keys.slice(0, 2).map((key_data, i) => ({ name: `mixer-${i + 1}`, key_data })),
    trustees: keys
      .slice(2)
      .map((key_data, i) => ({ name: `trustee-${i + 1}`, key_data, sharing_key: '00'.repeat(32) })),
    ...{ threshold: 2, width: 1, size_min: 2, size_max: 1000, quorum: 3, cycles: 1 },
    ...{ close_count: 0, close_after_ms: 0, close_at: '', patience_ms: 60_000 },
  }
}
