// What must not stand in any log (docs/architecture.md 5): a busy network with accidents logs at all levels, and
// nothing secret is in it; and each kind of thing, planted, is found.
// tier: slow

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../encoding/bytes.ts'
import { localNetwork } from '../simulator/local.ts'
import type { Log } from '../world/log.ts'

/** All that is said, at every level, as it would stand in the file. */
class Recorder implements Log {
  readonly lines: string[] = []
  readonly #say =
    (level: string) =>
    (fields: object, message: string): void =>
      void this.lines.push(JSON.stringify({ level, ...fields, msg: message }))
  readonly debug = this.#say('debug')
  readonly info = this.#say('info')
  readonly warn = this.#say('warn')
  readonly error = this.#say('error')
}

interface Known {
  /** Ids of authorities and nodes, names of documents: what everybody may read in the consensus. */
  readonly published: ReadonlySet<string>
  /** Message texts, addresses of people. */
  readonly secrets: readonly string[]
}

/** Long strings of hexadecimal or base64 digits: keys, tags, packet and mailbox ids. */
const long = /\b[0-9a-f]{16,}\b|[A-Za-z0-9+/_-]{32,}={0,2}/g
/** A network address of anybody. */
const address = /\/(ip4|ip6|dns4?|memory)\/|\b\d{1,3}(\.\d{1,3}){3}\b/

function leaks(lines: readonly string[], { published, secrets }: Known): string[] {
  return lines.filter(line => {
    if (secrets.some(secret => line.includes(secret)) || address.test(line)) return true
    return (line.match(long) ?? []).some(found => !published.has(found))
  })
}

test('the log of a busy network has no secrets and no metadata in it; planted ones are found', async () => {
  const log = new Recorder()
  const parameters = { payloadPerMinute: 200, readPerMinute: 120, pageEntries: 8 }
  const local = await localNetwork({ link: 'memory', seed: 5, epochMs: 12_000, clients: 2, parameters, log })
  const published = new Set(
    local.network.authorities.flatMap(({ id, sharingKey }) => [hex(id), hex(sharingKey)]),
  )
  const publish = (): void => {
    for (const name of local.names.filter(each => !each.startsWith('client'))) {
      const status = local.status(name) as { id?: string; consensus?: { hash: string } | null } | undefined
      if (status?.id !== undefined) published.add(status.id)
      if (status?.consensus) published.add(status.consensus.hash)
    }
  }
  const [alice, bob] = local.clients
  assert.ok(alice && bob)
  const secrets = ['the words of alice', 'the words of bob', alice.address, bob.address]
  for (let epoch = 0; epoch < 3; epoch++) {
    await alice.send(bob.address, `the words of alice ${'.'.repeat(3000)}`, { replies: true })
    await bob.send(alice.address, 'the words of bob', { replies: true })
    if (epoch === 1) await local.kill('mix 1')
    for (let part = 0; part < 8; part++) {
      await local.advance(1500)
      publish()
    }
    if (epoch === 1) await local.restart('mix 1')
  }
  publish()
  await local.stop()
  const known = { published, secrets }
  assert.ok(log.lines.length > 30, `${log.lines.length} lines`)
  assert.ok(new Set(log.lines.map(line => (JSON.parse(line) as { level: string }).level)).size >= 2)
  assert.equal(leaks(log.lines, known), [])

  const planted = [
    `{"level":"debug","msg":"sent the words of alice"}`,
    `{"level":"info","to":${JSON.stringify(bob.address)}}`,
    `{"level":"info","client":"/ip4/192.0.2.7/tcp/4001"}`,
    `{"level":"warn","error":"connect ECONNREFUSED 192.0.2.7:4001"}`,
    `{"level":"debug","packet":"${'0f'.repeat(16)}"}`,
    `{"level":"error","key":"${Buffer.alloc(32, 7).toString('base64')}"}`,
    `{"level":"debug","mailbox":"${'ab'.repeat(8)}"}`,
  ]
  assert.equal(leaks([...log.lines, ...planted], known), planted)
})

test.run()
