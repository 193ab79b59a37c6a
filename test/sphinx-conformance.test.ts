// npm run conformance, on published vectors where they lie beside the repository, and on files made here: in both
// shapes, with every length of path, with reply blocks, and with each field spoilt in turn.
// tier: slow

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hex } from '../encoding/bytes.ts'
import { layout } from '../sphinx/geometry.ts'
import { type Step, withHeader } from '../sphinx/header.ts'
import { openLayer } from '../sphinx/peel.ts'
import { useReplyBlock } from '../sphinx/reply.ts'
import { wrapSteps } from '../sphinx/wrap.ts'
import { katzenpostPackets } from '../trials/conformance/katzenpost.ts'
import { katzenpost } from '../trials/conformance/katzenpost-suite.ts'
import { seededRandom } from '../world/random.ts'
import { journey } from './sphinx-vectors-good.ts'

const root = join(import.meta.dirname, '..')
const published = join(root, '..', 'shared', 'vectors')
const folder = mkdtempSync(join(tmpdir(), 'chaffinch-conformance-'))
interface Published {
  Nodes: { ID: string; PrivateKey: string }[]
  Path: { ID: string; PublicKey: string; Commands: string[] }[]
  Packets: string[]
  Payload: string
  Surb: string
  SurbKeys: string
}

/** An entry as Katzenpost publishes them, made with the suite `katzenpost`. */
function entry(hops: number, isReply: boolean): Published {
  const random = seededRandom(hops + (isReply ? 100 : 0))
  const { secretKeys, path } = journey(random, hops)
  const payload = random(40)
  const g = layout(katzenpost, 4, payload.length)
  const steps = path.map(({ id, key }, i): Step => ({ id, key, ...(i < hops - 1 ? { delayMs: i + 1 } : {}) }))
  const [recipient, replyId] = [random(32), random(16)]
  let block = new Uint8Array(0)
  let keys = new Uint8Array(0)
  let packet: Uint8Array
  if (isReply) {
    withHeader(katzenpost, g, steps, { recipient, replyId }, random, 'wrapping', made => {
      const seed = random(katzenpost.seedBytes)
      block = Uint8Array.of(...made.header, ...(path[0]?.id ?? []), ...seed)
      keys = Uint8Array.from([...made.payloadKeys.toReversed(), seed].flatMap(key => [...key]))
    })
    packet = useReplyBlock(g, block, payload, katzenpost).packet
  } else {
    packet = wrapSteps(katzenpost, g, steps, { recipient }, payload, random)
  }
  const packets = []
  for (const secretKey of secretKeys) {
    packets.push(hex(packet))
    const layer = openLayer(katzenpost, g, secretKey, packet, () => false)
    if (layer.to === 'next') packet = layer.packet
  }
  const commandsOf = (i: number): string[] =>
    i < hops - 1 ? [`800000000${i + 1}`] : [`02${hex(recipient)}`, ...(isReply ? [`03${hex(replyId)}`] : [])]
  return {
    Nodes: path.map(({ id }, i) => ({ ID: hex(id), PrivateKey: hex(secretKeys[i] as Uint8Array) })),
    Path: path.map(({ id, key }, i) => ({ ID: hex(id), PublicKey: hex(key), Commands: commandsOf(i) })),
    Packets: [...packets, ''],
    Payload: hex(payload),
    Surb: hex(block),
    SurbKeys: hex(keys),
  }
}

const entries = [1, 2, 3, 4].flatMap(hops => [entry(hops, false), entry(hops, true)])

/** The checks that fail, and how many hold, of a file with this content. */
function run(content: unknown): { held: number; failed: string[] } {
  const path = join(folder, 'packets.json')
  writeFileSync(path, JSON.stringify(content))
  const checks = katzenpostPackets(path)
  return {
    held: checks.filter(check => check.ok).length,
    failed: checks.filter(check => !check.ok).map(check => check.id),
  }
}

function command(...args: string[]): { code: number | null; out: string; err: string } {
  const script = join(root, 'trials', 'conformance.ts')
  const child = spawnSync(
    process.execPath,
    ['--conditions=chaffinch-source', '--import', 'tsx', script, ...args],
    {
      cwd: root,
      encoding: 'utf8',
    },
  )
  return { code: child.status, out: child.stdout, err: child.stderr }
}

test('published vectors', () => {
  if (!existsSync(published)) {
    console.log('skipped: no published vectors in ../shared/vectors')
    return
  }
  const { code, out } = command(published)
  assert.is(code, 0, out)
  assert.match(out, /\n\d+ passed, 0 failed\n$/)
})

test('packets of every length of path hold, forward and reply, as published', () => {
  const { held, failed } = run(entries)
  assert.equal(failed, [])
  assert.ok(held > 40)
})

test('the shape with one list a field holds too, also without the reply block', () => {
  const flat = entries.map(({ Nodes, Path, Packets, Payload }) => ({
    PrivateKeys: Nodes.map(node => node.PrivateKey),
    PublicKeys: Path.map(hop => hop.PublicKey),
    Commands: Path.flatMap(hop => hop.Commands),
    Packets: Packets.slice(0, -1),
    Payload,
  }))
  assert.equal(run({ source: 'here', tests: flat }).failed, [])
})

test('a byte changed in any field is found', () => {
  const spoil = (text: string): string => (text.startsWith('0') ? `1${text.slice(1)}` : `0${text.slice(1)}`)
  const one = entry(3, true)
  const [firstHop, ...otherHops] = one.Path as [Published['Path'][0], ...Published['Path']]
  const [firstNode, ...otherNodes] = one.Nodes as [Published['Nodes'][0], ...Published['Nodes']]
  const cases: Record<string, Published> = {
    payload: { ...one, Payload: spoil(one.Payload) },
    'payload of a forward packet': { ...entry(3, false), Payload: spoil(one.Payload) },
    'first packet': { ...one, Packets: one.Packets.map((text, i) => (i === 0 ? spoil(text) : text)) },
    'last packet': { ...one, Packets: one.Packets.map((text, i) => (i === 2 ? spoil(text) : text)) },
    'packet missing': { ...one, Packets: one.Packets.slice(1) },
    'public key': { ...one, Path: [{ ...firstHop, PublicKey: spoil(firstHop.PublicKey) }, ...otherHops] },
    command: { ...one, Path: [{ ...firstHop, Commands: ['8000000002'] }, ...otherHops] },
    'secret key': {
      ...one,
      Nodes: [{ ...firstNode, PrivateKey: spoil(firstNode.PrivateKey.slice(2).concat('aa')) }, ...otherNodes],
    },
    'reply block': { ...one, Surb: spoil(one.Surb) },
    'reply keys': { ...one, SurbKeys: spoil(one.SurbKeys) },
  }
  for (const [name, spoilt] of Object.entries(cases)) {
    let failed: string[]
    try {
      failed = run([spoilt]).failed
    } catch (error) {
      failed = [String(error)]
    }
    assert.ok(failed.length > 0, `${name}: not found`)
  }
})

test('kinds that it does not know are skipped, a broken file fails, and nothing passed is a failure', () => {
  writeFileSync(join(folder, 'good.json'), JSON.stringify(entries.slice(0, 2)))
  writeFileSync(join(folder, 'broken.json'), '{"tests": [')
  const index = (...files: object[]): void =>
    writeFileSync(join(folder, 'index.json'), JSON.stringify({ files }))
  const good = { path: 'good.json', kind: 'katzenpost-kemsphinx-x25519' }
  const unknown = { path: 'x', kind: 'of-tomorrow' }

  index(good, unknown)
  const fine = command(folder)
  assert.is(fine.code, 0, fine.out)
  assert.match(fine.out, /^skipped {2}of-tomorrow {2}x$/m)

  index(good, { ...good, path: 'broken.json' }, { ...good, path: 'absent.json' })
  const broken = command(folder)
  assert.is(broken.code, 1)
  assert.match(broken.out, /\n\d+ passed, 2 failed\n$/)

  index(unknown)
  const nothing = command(folder)
  assert.is(nothing.code, 1)
  assert.match(nothing.out, /\n0 passed, 0 failed\n$/)
})

test('no folder, an absent one and one without an index: a clear message and exit code 2', () => {
  const none = command()
  assert.equal([none.code, none.err], [2, 'conformance: usage: npm run conformance -- DIR\n'])
  const absent = command(join(folder, 'nowhere'))
  assert.is(absent.code, 2)
  assert.match(absent.err, /^conformance: no folder .*nowhere\n$/)
  rmSync(join(folder, 'index.json'), { force: true })
  const empty = command(folder)
  assert.is(empty.code, 2)
  assert.match(empty.err, /^conformance: .*index\.json/)
})

test.after(() => rmSync(folder, { recursive: true, force: true }))

test.run()
