// Answers requests to an authority (docs/spec/directory-travel.md 9): everybody's, nodes' about themselves, and
// authorities'.

import { same } from '../../encoding/bytes.ts'
import { readDescriptor } from '../documents/descriptor.ts'
import { writeProofs } from '../documents/evidence.ts'
import {
  type DirectoryRequest,
  readRequest,
  writeAnswer,
  writeDescriptors,
  writeNewest,
  writeRefusal,
  writeTime,
} from '../documents/exchange.ts'
import { openMessage } from '../documents/message.ts'
import type { Network, VotingNetwork } from '../documents/network.ts'
import { readStatistics } from '../documents/statistics.ts'
import { DirectoryError } from '../error.ts'
import { readPointer } from '../follow/table.ts'
import { openNoteMessage } from '../rounds/status-note-machine.ts'
import type { AuthorityOptions } from './options.ts'
import type { Parts } from './parts.ts'

export class Answers {
  readonly #options: Pick<AuthorityOptions, 'clock' | 'sharing'>
  readonly #parts: Parts
  #closed = false

  constructor(options: Pick<AuthorityOptions, 'clock' | 'sharing'>, parts: Parts) {
    this.#options = options
    this.#parts = parts
  }

  close(): void {
    this.#closed = true
  }

  /** Answers a request, or says why not. */
  async answer(from: Uint8Array, bytes: Uint8Array): Promise<Uint8Array> {
    try {
      if (this.#closed) throw new DirectoryError('CLOSED', 'the authority was closed')
      const request = readRequest(bytes)
      const answer =
        (await this.#toAnybody(request)) ??
        (await this.#toNode(from, request)) ??
        (await this.#toPeer(from, request))
      return writeAnswer(answer)
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      this.#parts.refusals.count(error)
      return writeRefusal(error)
    }
  }

  /** Serves what anybody may have; nothing for another request. */
  async #toAnybody(request: DirectoryRequest): Promise<Uint8Array | undefined> {
    const { archive, proofs } = this.#parts
    const { documents, notes } = archive
    switch (request.ask) {
      case 'document':
        return archive.serve(request.epoch)
      case 'time':
        return writeTime(this.#options.clock.now())
      case 'change':
        return documents.serveChange(request.after)
      case 'difference':
        return documents.serveDifference(request.from, request.epoch) ?? (await archive.serve(request.epoch))
      case 'note':
        return notes.serve(request.epoch)
      case 'pointer':
        return archive.servePointer(request.epoch)
      case 'head':
        archive.hear(request.pointer)
        return archive.servePointer(readPointer(request.pointer).epoch)
      case 'log':
        return archive.serveLog(request.page)
      case 'evidence':
        return writeProofs(proofs.all)
      default:
        return undefined
    }
  }

  /** Takes what a node says about itself; nothing for another request. */
  async #toNode(from: Uint8Array, request: DirectoryRequest): Promise<Uint8Array | undefined> {
    const { admission, statistics, take } = this.#parts
    if (request.ask === 'upload') {
      const descriptor = readDescriptor(request.descriptor)
      if (!same(from, descriptor.stable.id)) {
        throw new DirectoryError('NOT_ADMITTED', 'descriptor: a node uploads its own')
      }
      await take(descriptor)
    } else if (request.ask === 'join') {
      await admission?.join(from, request.request)
    } else if (request.ask === 'leave') {
      await admission?.leave(from, request.note)
    } else if (request.ask === 'report') {
      const report = readStatistics(request.statistics)
      if (!same(from, report.reporter)) {
        throw new DirectoryError('NOT_ADMITTED', 'statistics: a node reports its own')
      }
      statistics.take(report, this.#options.clock.now())
    } else return undefined
    return nothing
  }

  /** Answers another authority. */
  async #toPeer(from: Uint8Array, request: DirectoryRequest): Promise<Uint8Array> {
    const { archive, clocks, gossip, noteKeeper, peers, rounds } = this.#parts
    const { succession } = archive.documents
    const isPeer = peers.others.some(({ id }) => same(id, from))
    // One that was away when others took over hears here that it is in office no more.
    const wasPeer = isPeer || succession.everybody.authorities.some(({ id }) => same(id, from))
    if (request.ask === 'hello' && wasPeer) {
      return writeNewest(archive.documents.newest()?.view.epoch ?? null)
    }
    if (!isPeer || request.ask === 'hello') {
      throw new DirectoryError('UNKNOWN_AUTHORITY', `request: ${request.ask} is for authorities`)
    }
    switch (request.ask) {
      case 'missing':
        return writeDescriptors(gossip.missing(request.epoch, request.have))
      case 'noting': {
        const networkFor = (document: number): Network => succession.networkFor(document)
        noteKeeper.take(openNoteMessage(networkFor, request.message))
        return nothing
      }
      case 'body':
        return archive.serveBody(request.hash)
      case 'voting': {
        const { sharing } = this.#options
        const isHeld = (vote: Uint8Array): boolean => rounds.hasVote(vote)
        const networkOf = (round: number): VotingNetwork => rounds.networkOf(round)
        const message = openMessage(networkOf, request.message, { isHeld, sharing })
        if (message.kind === 'vote' && same(message.signed.vote.author, from))
          clocks.heard(from, message.signed.vote.clock)
        await rounds.take(() => message.round, message)
        return nothing
      }
      default:
        throw new DirectoryError('BAD_DOCUMENT', `request: ${request.ask}`)
    }
  }
}

/** The answer to what was told. */
const nothing = new Uint8Array(0)
