// What a person does with a network by hand: messages from one client to another, and processes that are killed,
// stopped and started again. Its messages have an app of their own, so that the run's are not touched.

import { setTimeout as pause } from 'node:timers/promises'
import type { RemoteClient } from '../../client/remote/index.ts'
import { type PlannedProcess, type Run, remoteOf } from '../../simulator/processes/index.ts'
import type { MessageNow, NetAct } from './page-state.ts'

const app = 'by-hand'
/** Messages whose state is followed. */
const mostKept = 200
const lookEveryMs = 1000
const longPollMs = 10_000

interface Own {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly text: string
  readonly acceptedAt: number
  state: MessageNow['state']
  readonly readAt: number[]
}

export class ByHand {
  readonly #run: Run
  readonly #sent: Own[] = []
  readonly #stopped = new Set<string>()
  readonly #readers = new Set<string>()
  #isLooking = false

  constructor(run: Run) {
    this.#run = run
  }

  /** Sends a text, or as many as wanted, and follows what becomes of them. @throws RemoteError, RangeError */
  async send(from: string, to: string, text: string, count = 1): Promise<void> {
    const status = this.#run.watch.last(this.#planned(to).name)
    if (status?.role !== 'client' || status.address === '') throw new RangeError(`${to} has no address yet`)
    this.#readAt(to)
    for (let i = 1; i <= count; i++) {
      const words = count === 1 ? text : `${text} (${i})`
      const { id } = await this.#remote(from).send(status.address, words, { app })
      this.#sent.push({ id, from, to, text: words, acceptedAt: this.#run.now(), state: 'queued', readAt: [] })
    }
    this.#sent.splice(0, Math.max(0, this.#sent.length - mostKept))
    if (!this.#isLooking) void this.#look()
  }

  get messages(): readonly MessageNow[] {
    return this.#sent.map(own => ({
      ...own,
      bytes: new TextEncoder().encode(own.text).length,
      replyReadAt: [],
    }))
  }

  isStopped(name: string): boolean {
    return this.#stopped.has(name)
  }

  /** Does something to a process. @throws RangeError where there is none of this name */
  async act(name: string, what: NetAct): Promise<void> {
    const { processes, record, tell } = this.#run
    this.#planned(name)
    if (what === 'kill') {
      record.byHand.set(name, 'killed')
      this.#stopped.delete(name)
      await processes.kill(name)
    } else if (what === 'start') {
      record.byHand.set(name, 'started')
      processes.restart(name)
    } else if (what === 'stop') {
      this.#stopped.add(name)
      processes.suspend(name)
    } else {
      this.#stopped.delete(name)
      processes.resume(name)
    }
    tell({ event: 'by-hand', name, act: what })
  }

  /** Reads what comes to a client for this app, once and until the run ends. */
  #readAt(name: string): void {
    if (this.#readers.has(name)) return
    this.#readers.add(name)
    void this.#read(name)
  }

  async #read(name: string): Promise<void> {
    const { signal, now } = this.#run
    for (let after = -1; !signal.aborted; ) {
      const page = await this.#remote(name)
        .messages({ app, after, waitMs: longPollMs, signal })
        .catch(() => undefined)
      if (page === undefined) await pause(lookEveryMs)
      after = page?.next ?? after
      for (const { id } of page?.messages ?? []) this.#sent.find(own => own.id === id)?.readAt.push(now())
    }
  }

  /** Asks the senders, for as long as something may still change. */
  async #look(): Promise<void> {
    this.#isLooking = true
    while (!this.#run.signal.aborted) {
      const open = this.#sent.filter(({ state }) => state !== 'read' && state !== 'failed')
      if (open.length === 0) break
      await Promise.all(
        open.map(async own => {
          const told = await this.#remote(own.from)
            .message(own.id as Parameters<RemoteClient['message']>[0])
            .catch(() => undefined)
          if (told !== undefined) own.state = own.readAt.length > 0 ? 'read' : told.state
        }),
      )
      await pause(lookEveryMs)
    }
    this.#isLooking = false
  }

  #planned(name: string): PlannedProcess {
    const planned = this.#run.plan.processes.find(process => process.name === name)
    if (planned === undefined) throw new RangeError(`no process ${name}`)
    return planned
  }

  #remote(name: string): RemoteClient {
    const planned = this.#planned(name)
    if (planned.role !== 'client') throw new RangeError(`${name} is no client`)
    return remoteOf(planned)
  }
}
