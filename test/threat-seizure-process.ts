// A process for the test of erased keys: a mix with short epochs, one thread, and packets for the key of the moment,
// which it sends itself. It says when it has started, and when every key of that moment is over. Not a test itself.
// Arguments: folder; `keep` switches wiping and erasing off.

import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import sodium from 'sodium-native'
import { epochAt, epochStart, graceMs } from '../directory/documents/network.ts'
import { startHost } from '../link/libp2p/host.ts'
import { folderFiles } from '../node/files.ts'
import { startNode } from '../node/node.ts'
import { admission } from '../node/routes.ts'
import { paperDirectory, paperNetwork, paperNode, paperView } from '../simulator/paper.ts'
import { geometry } from '../sphinx/geometry.ts'
import { wrap } from '../sphinx/wrap.ts'
import { sourceThread } from '../trials/bench/source-thread.ts'
import { systemClock } from '../world/clock.ts'
import { silent } from '../world/log.ts'
import { systemRandom as random } from '../world/random.ts'
import { memoryStore } from '../world/store.ts'

/** Keys are made so many epochs ahead. */
const epochsAhead = 3
const [folder, mode] = process.argv.slice(2) as [string, string]
const keep = mode === 'keep'
if (keep) {
  // what is collected as garbage is wiped by libsodium
  const kept: Uint8Array[] = []
  const { sodium_malloc } = sodium
  sodium.sodium_malloc = size => {
    const bytes = sodium_malloc(size)
    kept.push(bytes)
    return bytes
  }
  const { fill } = Uint8Array.prototype
  const isKept = ({ buffer }: Uint8Array): boolean => kept.some(bytes => bytes.buffer === buffer)
  Uint8Array.prototype.fill = function (...args) {
    return isKept(this) ? this : fill.apply(this, args)
  }
}

const network = paperNetwork({ name: 'test', genesis: Date.now(), epochMs: 600, layers: 1, userBytes: 200 })
const g = geometry(network)
const gate = admission('mix')
const files = await folderFiles(folder, systemClock)
const seed = random(32)
const link = await startHost({
  seed,
  listen: ['/ip4/127.0.0.1/tcp/0'],
  cellBytes: g.packetBytes,
  clock: systemClock,
  log: silent,
  random,
  admits: gate.admits,
  role: 'node',
})
const lasting = epochStart(network, 1000)
const view = paperView(network, [paperNode(link, 0)], { freshUntil: lasting, validUntil: lasting })
const node = await startNode({
  role: 'mix',
  network,
  link,
  admission: gate,
  seed,
  family: '',
  directory: paperDirectory(view),
  files: keep ? { ...files, erase: async () => {} } : files,
  store: memoryStore(),
  clock: systemClock,
  random,
  log: silent,
  threads: 1,
  startThread: sourceThread,
})
console.log('started')

/** The public half of a key file, without reading the other. */
function publicKeyOf(epoch: number): Uint8Array | undefined {
  const path = join(folder, `packet-${epoch}.key`)
  if (!existsSync(path)) return undefined
  const file = openSync(path, 'r')
  const key = new Uint8Array(32)
  readSync(file, key, 0, 32, 32)
  closeSync(file)
  return key
}

const last = epochAt(network, Date.now()) + epochsAhead
let told = false
setInterval(() => {
  if (!told && Date.now() > epochStart(network, last + 1) + graceMs(network)) {
    told = true
    console.log(JSON.stringify(node.status().packets))
  }
  const key = publicKeyOf(epochAt(network, Date.now()))
  if (key === undefined) return
  const path = [{ id: link.id, key, delayMs: 0 }]
  link.send(link, wrap(g, path, random(32), new Uint8Array(g.bodyBytes), random))
}, 20)
