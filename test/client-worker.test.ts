// The client of a worker and its pages (docs/spec/client-browser.md 18.3), over message channels, on the virtual clock.

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Client } from '../client/client.ts'
import type { ClientError } from '../client/error.ts'
import { PageClient, type PageEvent } from '../client/worker/page.ts'
import type { Asked, Port, WorkerClientOptions } from '../client/worker/port.ts'
import { WorkerClient } from '../client/worker/serve.ts'
import { FakeNetwork } from './client-network.ts'

interface Context {
  net: FakeNetwork
  alice: Client
  bob: Client
  opened: string[]
  worker: WorkerClient
}

const test = suite<Context>('the client of a worker')

test.before.each(async context => {
  const net = new FakeNetwork({ seed: 11 })
  const [{ client: alice }, { client: bob }] = [await net.client('alice'), await net.client('bob')]
  await net.clock.advance(4_000)
  const opened: string[] = []
  const worker = new WorkerClient(async ({ folder }) => {
    opened.push(folder)
    if (folder === 'broken') throw new Error('no disk')
    return alice
  })
  Object.assign(context, { net, alice, bob, opened, worker })
})

const options = (net: FakeNetwork, folder = 'me'): WorkerClientOptions => ({ network: net.network, folder })

/** Two ends of a channel that copies what goes through it, as ports do; nothing comes to a page while it is frozen. */
function channel(): {
  readonly page: Port
  readonly worker: Port
  frozen: boolean
  readonly waiting: unknown[]
} {
  const ends = {
    toPage: [] as ((event: { data: unknown }) => void)[],
    toWorker: [] as ((event: { data: unknown }) => void)[],
  }
  const waiting: unknown[] = []
  const made = {
    frozen: false,
    waiting,
    page: {
      postMessage: (data: unknown) => {
        const copy = structuredClone(data)
        queueMicrotask(() => {
          for (const listener of ends.toWorker) listener({ data: copy })
        })
      },
      addEventListener: (_: 'message', listener: (event: { data: unknown }) => void) =>
        void ends.toPage.push(listener),
    },
    worker: {
      postMessage: (data: unknown) => {
        waiting.push(structuredClone(data))
        deliver()
      },
      addEventListener: (_: 'message', listener: (event: { data: unknown }) => void) =>
        void ends.toWorker.push(listener),
    },
  }
  function deliver(): void {
    queueMicrotask(() => {
      if (made.frozen) return
      for (const data of waiting.splice(0)) for (const listener of ends.toPage) listener({ data })
    })
  }
  return made
}

/** Everything that is under way without a clock is over. */
async function settled(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve()
}

async function pageOf({ net, worker }: Context, folder?: string): Promise<PageClient> {
  const { page, worker: end } = channel()
  worker.serve(end)
  const client = new PageClient(page)
  await client.begin(options(net, folder))
  return client
}

test('pages share one client, and each has what is kept, once', async context => {
  const { net, bob, opened } = context
  const [one, two] = [await pageOf(context), await pageOf(context)]
  assert.equal(opened, ['me'])
  assert.is(one.address, two.address)
  await bob.send(one.address, 'first', { from: true })
  await net.clock.advance(12_000)
  const read = async (page: PageClient, most: number): Promise<string[]> => {
    const texts: string[] = []
    for await (const { text } of page.messages()) {
      texts.push(text)
      if (texts.length === most) break
    }
    return texts
  }
  assert.equal(await read(one, 1), ['first'])
  const both = [read(one, 2), read(two, 2)]
  await bob.send(one.address, 'second')
  await net.clock.advance(12_000)
  assert.equal(await Promise.all(both), [
    ['first', 'second'],
    ['first', 'second'],
  ])
})

test('a message says how far it is, and what fails says why', async context => {
  const { net, bob } = context
  const page = await pageOf(context)
  const message = await page.send(bob.address, 'hello')
  assert.is(message.state, 'queued')
  const stored = message.stored()
  await net.clock.advance(12_000)
  await stored
  assert.is(message.state, 'stored')
  const refused = await page.send('nobody', 'x').catch((error: ClientError) => error)
  assert.is((refused as ClientError).code, 'BAD_ADDRESS')
})

test('a folder that does not open is tried again, and another one is refused', async context => {
  const { net, worker, opened } = context
  const { page, worker: end } = channel()
  worker.serve(end)
  const client = new PageClient(page)
  for (let i = 0; i < 2; i++) {
    const failure = await client.begin(options(net, 'broken')).catch((error: ClientError) => error)
    assert.match((failure as ClientError).message, /no disk/)
  }
  assert.equal(opened, ['broken', 'broken'])
  await client.begin(options(net))
  const other = await pageOf(context, 'other').catch((error: ClientError) => error)
  assert.is((other as ClientError).code, 'BAD_OPTION')
})

test('a page that is frozen for long has one answer waiting for it, and then learns that it missed some', async ({
  net,
}) => {
  let change: (message: object) => void = () => {}
  const busy = {
    address: 'mine',
    ready: async () => {},
    on: (name: string, handler: (message: object) => void) => {
      if (name === 'state') change = handler
      return () => {}
    },
  }
  const ends = channel()
  new WorkerClient(async () => busy as unknown as Client).serve(ends.worker)
  const page = new PageClient(ends.page)
  await page.begin(options(net))
  const events: PageEvent[] = []
  page.on(event => events.push(event))
  await settled()
  ends.frozen = true
  for (let i = 0; i < 2500; i++) change({ id: `${i}`, app: '', state: 'sent', progress: {} })
  await settled()
  assert.is(ends.waiting.length, 1)
  ends.frozen = false
  ends.worker.postMessage({ ref: -1, result: undefined })
  await settled()
  assert.ok(events.some(({ type }) => type === 'missed'))
  assert.ok(events.length <= 1001, `${events.length}`)
})

test('what a page closed is over for it and goes on for others', async context => {
  const { net, bob } = context
  const [one, two] = [await pageOf(context), await pageOf(context)]
  const reading = one.messages().next()
  one.close()
  assert.is((await reading).done, true)
  const failed = await one.status().catch((error: ClientError) => error)
  assert.is((failed as ClientError).code, 'CLOSED')
  const message = await two.send(bob.address, 'still here')
  const stored = message.stored()
  await net.clock.advance(12_000)
  await stored
})

test('a page asks for what there is, and for no more at once than 64', async ({ net, worker }) => {
  const { page, worker: end } = channel()
  const answers: { readonly ref: number; readonly error?: { readonly code: string } }[] = []
  page.addEventListener('message', ({ data }) => answers.push(data as (typeof answers)[number]))
  worker.serve(end)
  const say = (asked: Asked): void => page.postMessage(asked)
  say({ do: 'call', ref: 0, name: 'address', args: [] })
  say({ do: 'open', ref: 1, options: options(net) })
  await net.clock.advance(10)
  say({ do: 'call', ref: 2, name: 'constructor', args: [] })
  for (let ref = 3; ref < 68; ref++) say({ do: 'call', ref, name: 'status', args: [] })
  await net.clock.advance(10)
  const codeOf = (ref: number): string | undefined => answers.find(answer => answer.ref === ref)?.error?.code
  assert.is(codeOf(0), 'CLOSED')
  assert.is(codeOf(1), undefined)
  assert.is(codeOf(2), 'BAD_OPTION')
  assert.is(codeOf(66), 'QUEUE_FULL')
})

test.run()
