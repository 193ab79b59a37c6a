// npm run trial -- probing [--epochs 8] [--json]: a network of real processes whose nodes measure as clients
// (docs/spec/node.md 4.1), and in it a gateway that lets nodes' loops pass and drops all else. The document has to call
// it unreliable, and nobody else; the control is the same network in which nodes measure by their loops alone. Exit
// code 1 when something did not hold.

import { execFile } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'
import {
  beside,
  endAll,
  type NetOptions,
  newRecord,
  planNetwork,
  type Run,
  startAll,
  supervisor,
  usualOptions,
  watchNetwork,
  wordsOf,
} from '../../simulator/processes/index.ts'
import { second } from '../../world/units.ts'

/** Holds what one network's last document says. */
interface Found {
  /** Its epoch. */
  readonly epoch: number
  /** True when it calls the gateway reliable that drops what clients send. */
  readonly evil: boolean
  /** Count the others that it calls reliable, and all others. */
  readonly reliable: number
  readonly others: number
}

/** The parts of `chaffinch consensus show --json` that are of interest. */
interface Shown {
  readonly epoch: number
  readonly nodes: readonly { readonly addresses: readonly string[]; readonly reliable: boolean }[]
}

const size: NetOptions = {
  ...usualOptions,
  authorities: 3,
  mixes: 3,
  gateways: 4,
  clients: 0,
  messages: 0,
  kill: [],
  epochMs: 20 * second,
  delayMs: 20,
  payloadPerMinute: 120,
}
const evilName = 'gateway-0'

/** Lets it run until the evil one is found out, or so many epochs are over. */
async function play(probes: boolean, epochs: number): Promise<Found> {
  const startedAt = Date.now()
  const tell = (event: string): void =>
    console.error(`${((Date.now() - startedAt) / second).toFixed(1).padStart(6)} s  ${event}`)
  const plan = await planNetwork({ ...size, probes }, startedAt)
  const evil = plan.processes.find(({ name }) => name === evilName)
  if (evil === undefined) throw new RangeError(`no ${evilName}`)
  writeFileSync(join(evil.folder, 'kind'), '')
  const stop = new AbortController()
  const processes = supervisor(
    ({ name }, lines) => stop.abort(new Error(`${name} ended by itself:\n${lines}`)),
    [...process.execArgv, join(import.meta.dirname, 'child.ts')],
  )
  process.once('exit', () => processes.abandon())
  const record = newRecord(plan)
  const watch = watchNetwork(plan, processes, record, Date.now)
  const running: Run = {
    ...{ plan, processes, watch, record, now: Date.now, signal: stop.signal },
    tell: what => tell(wordsOf(what)),
  }
  try {
    await startAll(running)
    let found: Found | undefined
    while (found === undefined || (found.evil && found.epoch < epochs)) {
      await pause(size.epochMs / 4, undefined, { signal: stop.signal })
      const document = await shown(plan.networkFile).catch(() => undefined)
      if (document === undefined || document.epoch === found?.epoch) continue
      // one that is not in the document yet is no node that was measured
      if (document.nodes.length < size.mixes + size.gateways) continue
      found = foundIn(document, evil.listenPort)
      tell(`epoch ${found.epoch}: ${JSON.stringify(found)}`)
    }
    return found
  } finally {
    await endAll(running)
    rmSync(plan.folder, { recursive: true, force: true })
  }
}

async function shown(networkFile: string): Promise<Shown> {
  const args = [...beside, 'consensus', 'show', '--network', networkFile, '--json']
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 24 })
  return JSON.parse(stdout) as Shown
}

function foundIn({ epoch, nodes }: Shown, evilPort: number | undefined): Found {
  const isEvil = ({ addresses }: Shown['nodes'][number]): boolean =>
    addresses.some(address => address.split('/')[4] === String(evilPort))
  const others = nodes.filter(node => !isEvil(node))
  const evil = nodes.some(node => isEvil(node) && node.reliable)
  return { epoch, evil, reliable: others.filter(({ reliable }) => reliable).length, others: others.length }
}

const { values } = parseArgs({
  options: { epochs: { type: 'string', default: '8' }, json: { type: 'boolean', default: false } },
})
const epochs = Number(values.epochs)
const probed = await play(true, epochs)
const control = await play(false, probed.epoch)
const faults = [
  ...(probed.evil
    ? [`after ${probed.epoch} epochs the one that drops what clients send is called reliable`]
    : []),
  ...(probed.reliable < probed.others
    ? [`${probed.others - probed.reliable} others are called unreliable`]
    : []),
  ...(control.evil ? [] : ['the control finds it too: it shows nothing']),
]
if (values.json) console.log(JSON.stringify({ probed, control, faults }))
else {
  for (const [name, { epoch, evil, reliable, others }] of Object.entries({ probed, control }))
    console.log(
      `${name.padEnd(8)} epoch ${epoch}: the evil gateway is ${evil ? '' : 'un'}reliable, of ${others} others ${reliable} are reliable`,
    )
  for (const fault of faults) console.error(`probing: ${fault}`)
}
process.exitCode = faults.length > 0 ? 1 : 0
