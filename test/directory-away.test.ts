// What a client asks when it comes back does not tell how long it was away (docs/spec/directory-travel.md 10), and is
// asked of nodes.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readRequest } from '../directory/documents/exchange.ts'
import { Fetch } from '../directory/follow/fetch.ts'
import { type FollowedDirectory, followDirectory } from '../directory/follow/follow.ts'
import { HeldDocuments } from '../directory/follow/held-documents.ts'
import { hex, same } from '../encoding/bytes.ts'
import type { Link } from '../link/link.ts'
import { DirectoryWorld } from '../simulator/directory-world.ts'
import { silent } from '../world/log.ts'
import { memoryStore } from '../world/store.ts'

/** A question, as whoever is asked sees it. */
interface Question {
  readonly of: 'node' | 'authority'
  readonly ask: string
  /** Milliseconds after it came back. */
  readonly after: number
  readonly bytes: string
}

/** A link that writes down what is asked through it. */
function overheard(world: DirectoryWorld): { link: Link; questions: Question[] } {
  const link = world.links.host({ cellBytes: 100, admits: () => false, role: 'client' })
  const questions: Question[] = []
  const since = world.clock.now()
  const request = link.request.bind(link)
  link.request = (to, protocol, body, options) => {
    const isAuthority = world.network.authorities.some(({ id }) => same(id, to.id))
    const after = world.clock.now() - since
    questions.push({
      after,
      of: isAuthority ? 'authority' : 'node',
      ask: readRequest(body).ask,
      bytes: hex(body),
    })
    return request(to, protocol, body, options)
  }
  return { link, questions }
}

/**
 * Two clients of one world: each follows until an epoch, is away, and comes back in the same one.
 *
 * @returns for each what it asks from then until the middle of the epoch after
 */
async function questionsOf(left: readonly number[], back: number): Promise<Question[][]> {
  const world = new DirectoryWorld({ mixes: 3, gateways: 1 })
  await world.startAuthorities()
  await world.startNodes()
  const { network, clock, random } = world
  const stores = left.map(() => memoryStore())
  for (const [i, epoch] of left.entries()) {
    await world.advanceTo(epoch - 1, 0.5)
    const options = { network, clock, random, log: silent, store: stores[i] }
    const first = await followDirectory({ ...options, link: overheard(world).link })
    await world.advanceTo(epoch, 0.95)
    assert.is(first.current()?.epoch, epoch)
    await first.close()
  }
  await world.advanceTo(back, 0.3)
  const asked: Question[][] = []
  const clients: FollowedDirectory[] = []
  for (const store of stores) {
    const { link, questions } = overheard(world)
    asked.push(questions)
    clients.push(await followDirectory({ network, clock, random, log: silent, store, link }))
  }
  await world.advanceTo(back + 1, 0.5)
  for (const client of clients) {
    assert.is(client.current()?.epoch, back + 1)
    assert.equal(client.health().splits, [])
    await client.close()
  }
  await world.close()
  return asked
}

const back = 33

test('absent for one epoch or for thirty, the questions are the same, byte for byte, and of nodes alone', async () => {
  const [thirty, one] = (await questionsOf([back - 30, back - 1], back)) as [Question[], Question[]]
  const bytes = (questions: readonly Question[]): string[] => questions.map(question => question.bytes).sort()
  // When heads are shown is drawn; whatever else is asked at once is asked at the same moment
  const first = (questions: readonly Question[]): string[] =>
    ['document', 'log', 'note'].map(ask => `${ask} after ${questions.find(of => of.ask === ask)?.after} ms`)
  assert.equal(first(thirty), first(one))
  assert.equal(bytes(thirty), bytes(one))
  assert.equal(
    [...one, ...thirty].filter(({ of }) => of === 'authority'),
    [],
  )
  for (const ask of ['document', 'log', 'note', 'head', 'difference'])
    assert.ok(
      one.some(question => question.ask === ask),
      ask,
    )
})

test('control: asked for as the difference from whatever is held, the document tells it', async () => {
  const world = new DirectoryWorld({ mixes: 3, gateways: 1 })
  await world.startAuthorities()
  await world.startNodes()
  await world.advanceTo(3, 0.3)
  const { network, clock } = world
  const [node] = world.nodes
  assert.ok(node?.directory.current() !== undefined)
  const ask = async (epoch: number | undefined): Promise<string[]> => {
    const documents = new HeldDocuments(network)
    const { link, questions } = overheard(world)
    const fetch = new Fetch({ network, link, log: silent, documents, signal: new AbortController().signal })
    const peer = world.peer(node)
    if (epoch !== undefined) {
      const had = fetch.whole(peer, epoch)
      await clock.advance(500)
      const { bytes, log } = await had
      documents.add(bytes, clock.now(), undefined, log)
      questions.length = 0
    }
    const told = fetch.next(peer, 3)
    await clock.advance(500)
    await told
    return questions.map(({ ask: of }) => of)
  }
  assert.equal(await ask(2), ['difference'], 'away for one epoch')
  assert.equal(await ask(undefined), ['document', 'log'], 'away for thirty')
  await world.close()
})

test.run()
