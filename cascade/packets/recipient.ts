// Who takes what comes out of a chain of mixers of packets (docs/spec/packets.md 10, CONSUME): opens what is sealed to
// it, puts pieces together, hands every message on once, and says so on the board.

import { hex } from '../../encoding/bytes.ts'
import type { Group } from '../../shuffle/index.ts'
import { Audit, type Source } from '../audit.ts'
import { Caller, type Post, type Shelf } from '../caller.ts'
import type { Cycle } from '../records.ts'
import type { Rules } from '../rules.ts'
import type { Signer } from '../signed.ts'
import { type Chains, lastOf } from './chains.ts'
import { type Content, openContent, Pieces } from './contents.ts'
import { rowsFor } from './packet.ts'

/** A message as it came out. */
export interface Received {
  /** 16 bytes in hexadecimal, drawn by its sender: the same however often it comes. */
  readonly id: string
  readonly bytes: Uint8Array
}

/** Holds what a recipient is handed. */
export interface RecipientParts {
  readonly mixnet: string
  readonly signer: Signer
  /** The secret of its sealing key, 32 bytes. */
  readonly sealingSecret: Uint8Array
  /** The key that others seal to, 32 bytes. */
  readonly sealingKey: Uint8Array
  readonly group: Group
  readonly shelf: Shelf
  readonly source: Source
  readonly post: Post
  readonly audit: Audit
  readonly chains: Chains
  /** Milliseconds that senders have to find that something was lost. */
  readonly settle: number
  /**
   * Hands a message on, and says whether it is there for good: else it is handed on again. It is told the same id again
   * after a crash.
   */
  readonly deliver: (message: Received) => Promise<boolean>
  readonly rules?: Rules | undefined
}

/** Messages that have begun and are not whole. */
const openAtMost = 10_000

/** Takes what is for one recipient, and says on the board that it has. */
export class PacketRecipient {
  readonly audit: Audit
  readonly #parts: RecipientParts
  readonly #caller: Caller
  /** When each last batch was first seen. */
  readonly #seen = new Map<string, number>()
  readonly #pieces = new Pieces(openAtMost)
  /** Messages that are whole and not handed on. */
  readonly #whole: Received[] = []
  /** Batches that were opened. */
  readonly #opened = new Set<string>()

  constructor(parts: RecipientParts) {
    this.#parts = parts
    this.audit = parts.audit
    this.#caller = new Caller(parts.mixnet, parts.signer, parts.shelf, parts.post)
  }

  /** Counts messages that were dropped, of too many that were begun at a time. */
  get dropped(): number {
    return this.#pieces.dropped
  }

  /** Says whether nothing that came out waits to be taken. */
  get isIdle(): boolean {
    return this.#seen.size === this.#opened.size && this.#whole.length === 0
  }

  /** Does one thing, if there is one to do, and says whether there was. Is called again and again. */
  async tick(now: number): Promise<boolean> {
    const { source } = this.#parts
    await this.audit.follow(source)
    if (this.audit.isForked) return false
    if (this.#caller.waiting() === undefined && !(await this.#prepare(now))) return false
    const answered = await this.#caller.send()
    if (answered === undefined) return false
    this.#caller.done()
    return answered.reply.is === 'accepted'
  }

  /** Prepares the next thing to say, once what it says is so. */
  async #prepare(now: number): Promise<boolean> {
    const { signer, sealingKey, shelf } = this.#parts
    const { board } = this.audit
    if (!board.persons.has(signer.id)) {
      const keys = { key_data: hex(signer.keyData), sealing_key: hex(sealingKey) }
      const fields = { name: signer.id.slice(0, 16), peer_type: 'CLIENT', ...keys }
      this.#caller.prepare({ resource: 'peer', operation: 'create', ...fields })
      return true
    }
    for (const cycle of lastCycles(this.audit, this.#parts.chains)) {
      const name = Audit.nameOf(cycle)
      if (!this.#seen.has(name)) this.#seen.set(name, now)
      if (now - (this.#seen.get(name) as number) < this.#parts.settle) continue
      const rows = takenFrom(this.audit, cycle, signer.id)
      if (!this.#opened.has(name)) {
        this.#opened.add(name)
        for (const content of opened(this.#parts, rows)) {
          const whole = content.is === 'piece' ? this.#pieces.take(content) : undefined
          if (whole !== undefined && shelf.get(`taken ${whole.id}`) === undefined) this.#whole.push(whole)
        }
      }
      for (;;) {
        const [next] = this.#whole
        if (next === undefined) break
        if (!(await this.#parts.deliver(next))) return false
        shelf.put(`taken ${next.id}`, 'yes')
        this.#whole.shift()
      }
      if (rows.length === 0 || cycle.consumed.some(({ who }) => who === signer.id)) continue
      const about = { peer_id: cycle.peer_id, cycle_id: cycle.id, taken: rows.length }
      this.#caller.prepare({ resource: 'cycle', operation: 'action', action: 'consume', ...about })
      return true
    }
    return false
  }
}

/** Lists the last batches of chains out of which something may be taken: none after a step that does not hold. */
export function lastCycles(audit: Audit, chains: Chains): readonly Cycle[] {
  return chains.all(audit.board).flatMap(chain => {
    const cycles = audit.board.cycles.get(lastOf(chain).peer_id) ?? []
    return cycles.filter(cycle => cycle.status === 'PROCESSED' && audit.isSound(cycle) && audit.isGood(cycle))
  })
}

/** Gives what of a last batch is for a recipient, sealed. */
export function takenFrom(audit: Audit, cycle: Cycle, recipient: string): readonly Uint8Array[] {
  const output = audit.output(cycle)
  return output === undefined ? [] : rowsFor(output, audit.board.peer(cycle.peer_id), recipient)
}

/** Opens what is sealed to a secret; what is not is nothing. */
export function opened(
  {
    group,
    mixnet,
    sealingSecret,
  }: { readonly group: Group; readonly mixnet: string; readonly sealingSecret: Uint8Array },
  rows: readonly Uint8Array[],
): readonly Content[] {
  return rows.flatMap(row => openContent(group, mixnet, sealingSecret, row) ?? [])
}
