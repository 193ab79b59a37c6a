// npm run bench -- client [--json] [--seconds 30] [--messages 60]: what a client costs the app that it is in, against a
// network of real processes at the rates that a network has when nobody votes for others.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { median } from 'simple-statistics'
import { type Client, connect } from '../../client/index.ts'
import { RemoteClient } from '../../client/remote/index.ts'
import type { Network } from '../../directory/documents/network.ts'
import { readNetwork } from '../../directory/network-file.ts'
import { wholeNumber } from '../../encoding/command-line.ts'
import type { Answer, Question } from './client-network.ts'
import { payloadPackets } from './client-packet.ts'
import { messageParts, type Parts } from './client-parts.ts'

const secondsPerDay = 24 * 60 * 60
const starts = 5
const accepted = 500

interface Result {
  /** CPU of one payload packet: its fragment sealed, its acknowledgement block, both paths, five layers. */
  readonly wrapUs: number
  /** The same in a network of so many nodes, as so many native X25519 of the same run. */
  readonly payloadPacketX25519: Readonly<Record<string, number>>
  /** Messages of 1 KB that `send` accepts onto the disk, one after the other. */
  readonly sendsPerS: number
  /** From nothing to ready, in an empty folder: median of five. */
  readonly connectMs: number
  /** From nothing until the receiver's inbox has the first message: median of five. */
  readonly firstMessageMs: number
  /** Both directions of the link, TCP payload, with nothing to say. */
  readonly idleBytesPerDay: number
  readonly idleCpuPercent: number
  /** Where the time of a new message goes until it is read, milliseconds. */
  readonly parts: Parts
  /** The memory of the whole process, an idle client in it. */
  readonly rssMiB: number
}

type Hello = Extract<Answer, { is: 'network' }>

export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      seconds: { type: 'string' },
      messages: { type: 'string' },
    },
  })
  const seconds = values.seconds === undefined ? 30 : wholeNumber('seconds', values.seconds, 1, 3600)
  const messages = values.messages === undefined ? 60 : wholeNumber('messages', values.messages, 1, 10_000)
  const folder = mkdtempSync(join(tmpdir(), 'chaffinch-bench-'))
  const child = fork(join(import.meta.dirname, 'client-network.ts'), { stdio: 'inherit' })
  try {
    const [hello] = (await once(child, 'message')) as [Hello]
    const network = readNetwork(hello.networkFile)
    const begun = await begin(network, hello, folder)
    const parts = await messageParts(network, folder, messages)
    const idling = await idle(network, folder, child, seconds)
    const result = { ...payloadPackets(), ...begun, ...idling, parts }
    if (values.json) console.log(JSON.stringify(result satisfies Result))
    else printResult(result)
  } finally {
    child.send('end' satisfies Question)
    await once(child, 'exit')
    rmSync(folder, { recursive: true, force: true })
  }
}

function printResult({ payloadPacketX25519, parts, ...figures }: Result): void {
  console.table(figures)
  console.log(
    'a new message until it is read, medians in ms; added: beyond the delays drawn and the sender’s clock',
  )
  console.table(parts)
  console.log('a payload packet in native X25519, by nodes of the network')
  console.table(payloadPacketX25519)
}

/** New clients, one after the other: how soon each is ready, and its first message there. */
async function begin(
  network: Network,
  { address, apiPort: port, tokenFile }: Hello,
  folder: string,
): Promise<Pick<Result, 'sendsPerS' | 'connectMs' | 'firstMessageMs'>> {
  const connects: number[] = []
  const firsts: number[] = []
  let sendsPerS = 0
  const token = readFileSync(tokenFile, 'utf8').trim()
  const daemon = new RemoteClient({ url: `http://127.0.0.1:${port}`, token })
  let after = -1
  for (let i = 0; i < starts; i++) {
    const from = performance.now()
    const client = await connect({ network, folder: join(folder, `start-${i}`) })
    connects.push(performance.now() - from)
    await client.send(address, `first words ${i}`)
    const { messages, next } = await daemon.messages({ after, waitMs: 30_000 })
    firsts.push(performance.now() - from)
    if (messages.length !== 1) throw new Error('the first message did not arrive within 30 s')
    after = next
    if (i === starts - 1) sendsPerS = await acceptance(client, address)
    await client.close()
  }
  return { sendsPerS, connectMs: Math.round(median(connects)), firstMessageMs: Math.round(median(firsts)) }
}

async function acceptance(client: Client, address: string): Promise<number> {
  const content = new Uint8Array(1024)
  const from = performance.now()
  for (let i = 0; i < accepted; i++) await client.send(address, content)
  return Math.round((1000 * accepted) / (performance.now() - from))
}

/** A client with nothing to say. */
async function idle(
  network: Network,
  folder: string,
  child: ChildProcess,
  seconds: number,
): Promise<Pick<Result, 'idleBytesPerDay' | 'idleCpuPercent' | 'rssMiB'>> {
  const client = await connect({ network, folder: join(folder, 'idle') })
  await pause(2000)
  const bytesBefore = await passed(child)
  const cpuBefore = process.cpuUsage()
  const from = performance.now()
  await pause(1000 * seconds)
  const { user, system } = process.cpuUsage(cpuBefore)
  const took = (performance.now() - from) / 1000
  const bytes = (await passed(child)) - bytesBefore
  const rss = process.memoryUsage.rss()
  await client.close()
  return {
    idleBytesPerDay: Math.round((bytes / took) * secondsPerDay),
    idleCpuPercent: Math.round((100 * 100 * (user + system)) / (1e6 * took)) / 100,
    rssMiB: Math.round(rss / 2 ** 20),
  }
}

async function passed(child: ChildProcess): Promise<number> {
  child.send('bytes' satisfies Question)
  const [answer] = (await once(child, 'message')) as [Extract<Answer, { is: 'bytes' }>]
  return answer.up + answer.down
}
