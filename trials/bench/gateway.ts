// npm run bench -- gateway [--json] [--clients 2000] [--living 8]: what many idle clients cost a gateway, and how fast
// it takes them in, stores mail and gives it out; each beside what libp2p alone costs in the same run: a host with the
// same transports that answers with bytes of the same lengths and does nothing else. One process is measured, another
// is the clients. CPU is that of the whole measured process. Then what a client costs that sends and reads, by a
// network of so many (0: not measured; it wants a build).

import { fork } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { wholeNumber } from '../../encoding/command-line.ts'
import type { Peer } from '../../link/link.ts'
import { second } from '../../world/units.ts'
import { clientCost } from './gateway-living.ts'
import { packed } from './packed.ts'

export interface Usage {
  readonly cpuUs: number
  /** After the garbage was collected. */
  readonly rssKiB: number
  readonly heapKiB: number
}

/** Questions that the processes are asked. */
export type Question =
  /** A host: to start, among others this mix. */
  | { readonly ask: 'start'; readonly mix: Peer }
  | { readonly ask: 'usage' }
  /** A host: packets stored, or cells that came. */
  | { readonly ask: 'stored' }
  /** The clients: to be there, unconnected. */
  | { readonly ask: 'make'; readonly count: number }
  | { readonly ask: 'connect'; readonly to: Peer }
  /** The first so many clients open their mailboxes. */
  | { readonly ask: 'open'; readonly to: Peer; readonly count: number }
  /** A mix sends mail to those mailboxes; `key` is the gateway's. */
  | { readonly ask: 'send'; readonly to: Peer; readonly key: Uint8Array; readonly count: number }
  | { readonly ask: 'fetch'; readonly to: Peer; readonly count: number; readonly each: number }

export type Answer = (Peer & { readonly key: Uint8Array }) | Peer | Usage | number | null

interface Measured {
  readonly kibPerClient: number
  readonly heapKibPerClient: number
  readonly idleCpuPercent: number
  readonly handshakesPerS: number
  readonly handshakeCpuUs: number
  readonly storesPerS: number
  readonly storeCpuUs: number
  readonly fetchesPerS: number
  readonly fetchCpuUs: number
}

const idleMs = 10 * second
/** Clients with mail, how much each gets, and how often it reads. */
const [readers, mailEach, readsEach] = [100, 40, 40]
const giveUpMs = 60 * second
const livingMs = 30 * second

export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      clients: { type: 'string', default: '2000' },
      living: { type: 'string', default: '8' },
    },
  })
  const clients = wholeNumber('clients', values.clients, 1, 100_000)
  const living = wholeNumber('living', values.living, 0, 64)
  const say = values.json ? () => {} : (line: string) => console.log(line)
  const folder = await packed({
    'gateway-process': 'trials/bench/gateway-process.ts',
    'peel-thread': 'node/relay/peel-thread.ts',
  })
  const start = (role: string): Part => startPart(join(folder, 'gateway-process.js'), role)
  const crowd = start('clients')
  try {
    const mix = await crowd.ask<Peer>({ ask: 'make', count: clients })
    say(`${clients} clients are there`)
    const gateway = await measure(start('gateway'), 'gateway', crowd, mix, clients, say)
    const bare = await measure(start('bare'), 'bare', crowd, mix, clients, say)
    crowd.end()
    const ofAClient = living > 2 ? await clientCost(living, livingMs) : undefined
    if (values.json) console.log(JSON.stringify({ clients, ...gateway, bare, ofAClient }))
    else {
      console.table({ gateway, 'libp2p alone': bare })
      if (ofAClient !== undefined) console.table({ 'a client that sends and reads': ofAClient })
    }
  } finally {
    crowd.end()
    rmSync(folder, { recursive: true })
  }
}

interface Part {
  ask<T extends Answer>(question: Question): Promise<T>
  end(): void
}

function startPart(script: string, role: string): Part {
  const child = fork(script, [role], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: ['--expose-gc'],
  })
  return {
    ask<T extends Answer>(question: Question): Promise<T> {
      return new Promise((resolve, reject) => {
        const ended = (): void => reject(new Error(`bench: the process of the ${role} has ended`))
        child.once('exit', ended)
        child.once('message', answer => {
          child.off('exit', ended)
          resolve(answer as T)
        })
        child.send(question)
      })
    },
    end: () => {
      if (child.connected) child.disconnect()
    },
  }
}

async function measure(
  host: Part,
  role: 'gateway' | 'bare',
  crowd: Part,
  mix: Peer,
  clients: number,
  say: (line: string) => void,
): Promise<Measured> {
  try {
    const to = await host.ask<Peer & { key: Uint8Array }>({ ask: 'start', mix })
    const usage = (): Promise<Usage> => host.ask<Usage>({ ask: 'usage' })
    say(`${role}: it is there`)
    const empty = await usage()
    const handshakes = await timed(usage, () => crowd.ask({ ask: 'connect', to }))
    say(`${role}: all are connected`)
    const full = await usage()
    const idle = await timed(usage, () => new Promise(resolve => setTimeout(resolve, idleMs)))

    const [with_, count] = [Math.min(readers, clients), Math.min(readers, clients) * mailEach]
    await crowd.ask({ ask: 'open', to, count: with_ })
    const stores = await timed(usage, async () => {
      await crowd.ask({ ask: 'send', to, key: to.key, count })
      for (let waited = 0; (await host.ask<number>({ ask: 'stored' })) < count; waited += 20) {
        if (waited > giveUpMs) throw new Error(`bench: the ${role} did not take ${count} packets`)
        await new Promise(resolve => setTimeout(resolve, 20))
      }
    })
    say(`${role}: the mail is stored`)
    const reads = with_ * readsEach
    const fetches = await timed(usage, () => crowd.ask({ ask: 'fetch', to, count: with_, each: readsEach }))
    return {
      kibPerClient: round((full.rssKiB - empty.rssKiB) / clients),
      heapKibPerClient: round((full.heapKiB - empty.heapKiB) / clients),
      idleCpuPercent: round(idle.cpuUs / (idle.ms * 10)),
      handshakesPerS: round((clients * second) / handshakes.ms),
      handshakeCpuUs: round(handshakes.cpuUs / clients),
      storesPerS: round((count * second) / stores.ms),
      storeCpuUs: round(stores.cpuUs / count),
      fetchesPerS: round((reads * second) / fetches.ms),
      fetchCpuUs: round(fetches.cpuUs / reads),
    }
  } finally {
    host.end()
  }
}

async function timed(
  usage: () => Promise<Usage>,
  run: () => Promise<unknown>,
): Promise<{ readonly ms: number; readonly cpuUs: number }> {
  const before = await usage()
  const started = performance.now()
  await run()
  const ms = performance.now() - started
  return { ms, cpuUs: (await usage()).cpuUs - before.cpuUs }
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
