// What must hold in `npm run chaos -- node`, looked at again and again while it runs.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NodeStatus, PacketCounts } from '../../node/status.ts'
import type { Plan } from '../../simulator/processes/plan.ts'
import type { Ending, Supervisor } from '../../simulator/processes/process.ts'
import { leak } from '../../simulator/processes/record.ts'
import type { Watch } from '../../simulator/processes/watch.ts'
import { digestBytes, type Part } from './part.ts'
import type { Mail } from './traffic.ts'

export const invariants = {
  'nothing-lost': 'every message whose call returned is read in the end',
  'read-once': 'no app is given a message twice, or one that nobody sent',
  'left-once': 'no packet leaves an honest node twice',
  'none-failed': 'no process ends that nobody ended, and nothing is left unhandled',
  'counters-sum': 'received = forwarded + stored + served + dropped + held',
  'flood-refused': 'of what a flooding client sends its gateway takes no more than of any client',
  'none-blamed': 'garbage is counted with the node that passed it on, and no node is shut out by another',
  'all-back': 'every process that was killed or stopped answers again',
  'ended-clean': 'all processes end when told to, and no port is left open',
} as const

export type Invariant = keyof typeof invariants

export interface Violation {
  readonly invariant: Invariant
  readonly why: string
}

export interface Checks {
  readonly violations: readonly Violation[]
  readonly unhandled: number
  violated(invariant: Invariant, why: string): void
  /** While it runs. */
  look(): void
  /** When nothing more is to come. */
  conclude(floods: number, littered: ReadonlySet<string>): Promise<void>
}

/** A flood is some thousand cells; what a gateway has refused of them is lost with it when it is killed. */
const leastRefused = 200
/** Garbage comes by the thousand. */
const leastCounted = 1000
/** Matches what a role logs when a mistake of its own was caught, and what Node prints when one was not. */
const faultLines = /a step of the relay failed|peeling failed|unhandled|uncaught/i

export function checks(about: {
  readonly plan: Plan
  readonly processes: Supervisor
  readonly watch: Watch
  readonly mail: Mail
  readonly partOf: (name: string) => Part['part']
}): Checks {
  const { plan, processes, watch, mail, partOf } = about
  const violations: Violation[] = []
  const told = new Set<string>()
  let refused = 0
  /** Those who have counted garbage of a neighbour's. */
  const counted = new Set<string>()
  const honest = plan.processes.filter(({ name }) => partOf(name) === 'honest')
  const nodes = honest.filter(({ role }) => role === 'mix' || role === 'gateway')

  /** One complaint of a kind is enough. */
  const violated = (invariant: Invariant, why: string): void => {
    if (told.has(invariant)) return
    told.add(invariant)
    violations.push({ invariant, why })
  }

  const unasked = (): Ending[] => processes.endings.filter(({ asked }) => asked === undefined)
  const logged = (): string[] =>
    honest.flatMap(({ name, logFile }) => {
      const text = existsSync(logFile) ? readFileSync(logFile, 'utf8') : ''
      return text
        .split('\n')
        .filter(line => faultLines.test(line))
        .map(line => `${name}: ${line}`)
    })

  function packetsOf(name: string): PacketCounts | undefined {
    const status = watch.last(name)
    return status?.role === 'mix' || status?.role === 'gateway' ? status.packets : undefined
  }

  function shutOutBy(name: string): string[] {
    const status = watch.last(name)
    return status?.role === 'mix' || status?.role === 'gateway' ? status.shut.nodes.map(({ id }) => id) : []
  }

  function passedOn(name: string): NodeStatus['upstream'] {
    const status = watch.last(name)
    return status?.role === 'mix' || status?.role === 'gateway' ? status.upstream : []
  }

  function nameOf(id: string): string {
    const isIt = (name: string): boolean => {
      const status = watch.last(name)
      return status !== undefined && 'id' in status && status.id === id
    }
    return plan.processes.find(({ name }) => isIt(name))?.name ?? id
  }

  function look(): void {
    for (const { name, folder } of nodes) {
      const packets = packetsOf(name)
      if (packets !== undefined && leak(packets) !== 0)
        violated('counters-sum', `${name}: ${JSON.stringify(packets)}`)
      refused = Math.max(refused, packets?.dropped['CLIENT_RATE'] ?? 0)
      for (const id of shutOutBy(name)) violated('none-blamed', `${name} has shut ${nameOf(id)} out`)
      if (passedOn(name).some(({ misfits }) => misfits >= leastCounted)) counted.add(name)
      const again = repeated(join(folder, 'left'))
      if (again > 0) violated('left-once', `${again} packets left ${name} twice`)
    }
    for (const { name, code, signal } of unasked())
      violated('none-failed', `${name} ended by itself: ${signal ?? `exit code ${code}`}`)
    const [line] = logged()
    if (line !== undefined) violated('none-failed', line)
    if (mail.duplicates() > 0) violated('read-once', `${mail.duplicates()} messages were read again`)
    if (mail.strangers.length > 0) violated('read-once', mail.strangers[0] as string)
  }

  return {
    violations,
    violated,
    get unhandled() {
      return unasked().length + logged().length
    },
    look,
    async conclude(floods, littered) {
      look()
      const lost = mail.lost()
      for (const sent of lost.slice(0, 1)) {
        const state = await mail.stateOf(sent)
        const { number, from, to, bytes } = sent
        violated(
          'nothing-lost',
          `${lost.length}, of them ${number} (${bytes} bytes, ${from} to ${to}: ${state})`,
        )
      }
      const gone = honest.filter(({ name }) => !processes.alive(name))
      if (gone.length > 0) violated('all-back', gone.map(({ name }) => name).join(', '))
      for (const name of littered)
        if (!counted.has(name)) violated('none-blamed', `${name} has not counted what was sent to it`)
      if (floods > 0 && refused < leastRefused)
        violated('flood-refused', `${floods} floods, and at most ${refused} cells refused at a time`)
    },
  }
}

/** Counts the cells that a node's own notes have more than once. */
function repeated(file: string): number {
  const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0)
  const seen = new Set<string>()
  let again = 0
  for (let at = 0; at + digestBytes <= bytes.length; at += digestBytes) {
    const digest = bytes.toString('latin1', at, at + digestBytes)
    if (seen.has(digest)) again++
    seen.add(digest)
  }
  return again
}
