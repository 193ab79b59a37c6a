// The network that `npm run bench -- client` measures a client against: processes as an operator starts them, and a
// proxy on every link that counts what passes to and from the client that is not one of them. Runs as a child of the
// benchmark, so that neither costs the client's process anything.

import { rmSync } from 'node:fs'
import { type Observer, observe } from '../../simulator/processes/observer.ts'
import { usualOptions } from '../../simulator/processes/options.ts'
import { planNetwork, tapsOf } from '../../simulator/processes/plan.ts'
import { compiled, supervisor } from '../../simulator/processes/process.ts'
import { newRecord, startAll } from '../../simulator/processes/run.ts'
import { watchNetwork } from '../../simulator/processes/watch.ts'

export type Question = 'bytes' | 'end'

/** Told by the child: first the network, then an answer to each `bytes`. */
export type Answer =
  | {
      readonly is: 'network'
      readonly networkFile: string
      /** The address of a client in it that reads what it gets. */
      readonly address: string
      readonly apiPort: number
      readonly tokenFile: string
    }
  | { readonly is: 'bytes'; readonly up: number; readonly down: number }

const endWithinMs = 15_000
/** Nobody of the network dials from an address that has no name. */
const stranger = 'somebody'

async function serve(tell: (answer: Answer) => void): Promise<void> {
  const options = {
    ...usualOptions,
    clients: 2,
    messages: 0,
    kill: [],
    observe: true,
    usualRates: true,
  }
  const plan = await planNetwork(options, Date.now())
  const processes = supervisor(
    ({ name }, lastLines) => console.error(`${name} ended: ${lastLines}`),
    compiled,
  )
  process.once('exit', () => processes.abandon())
  const names = new Map(plan.processes.map(({ name, dialFrom }) => [dialFrom, name]))
  const taps = tapsOf(plan.processes)
  const observer = await observe(taps, address => names.get(address) ?? stranger, Date.now)
  const record = newRecord(plan)
  const watch = watchNetwork(plan, processes, record, Date.now)
  const { signal } = new AbortController()
  await startAll({ plan, processes, watch, record, now: Date.now, tell: () => {}, signal })
  const receiver = plan.processes.find(({ role }) => role === 'client')
  const status = receiver && watch.last(receiver.name)
  if (receiver === undefined || status?.role !== 'client') throw new Error('the network has no client')
  const { httpPort: apiPort, tokenFile } = receiver
  tell({ is: 'network', networkFile: plan.networkFile, address: status.address, apiPort, tokenFile })
  const end = async (): Promise<void> => {
    await processes.stopAll(endWithinMs)
    await observer.close()
    rmSync(plan.folder, { recursive: true, force: true })
    process.exit(0)
  }
  process.on('message', (question: Question) => {
    if (question === 'bytes') tell({ is: 'bytes', ...passed(observer) })
    else void end()
  })
  process.on('disconnect', () => void end())
}

function passed({ sightings }: Observer): { up: number; down: number } {
  let [up, down] = [0, 0]
  for (const { from, to, bytes } of sightings) {
    if (from === stranger) up += bytes
    else if (to === stranger) down += bytes
  }
  return { up, down }
}

await serve(answer => process.send?.(answer))
