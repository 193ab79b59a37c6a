// A member of the crowd (docs/spec/crowds.md): it asks through others, and hands on or carries out what others ask.

import { epochAt, type Network } from '../../directory/documents/network.ts'
import {
  type ConsensusStatus,
  consensusStatus,
  type DirectoryHealth,
  type View,
} from '../../directory/documents/view.ts'
import type { JoinedDirectory } from '../../directory/join/join.ts'
import { hex, same } from '../../encoding/bytes.ts'
import { type Link, LinkError } from '../../link/link.ts'
import type { Clock } from '../../world/clock.ts'
import type { Log } from '../../world/log.ts'
import type { Random } from '../../world/random.ts'
import { second } from '../../world/units.ts'
import { type Crowd, crowdOf } from './crowd.ts'
import { CrowdsError, type CrowdsErrorCode } from './error.ts'
import {
  answerBytes,
  type CrowdsAnswer,
  type CrowdsStatus,
  crowdsProtocol,
  readAnswer,
  readRequest,
  requestBytes,
  writeAnswer,
  writeRequest,
} from './message.ts'
import { drawNext, type PathLimits, Paths, type Turn } from './paths.ts'

/**
 * Milliseconds that each member waits for the answer of the next: all alike, since what gets less on the way would say
 * how far it is to who asked.
 */
const patienceMs = 25 * second
/** Sessions whose path is kept; the one that was used longest ago goes first. */
const mostSessions = 1024

/** Holds what a member is made of. */
export interface MemberOptions {
  readonly network: Network
  /** Closed by whoever made it. */
  readonly link: Link
  /** Has this member in its documents; closed by whoever made it. */
  readonly directory: Pick<JoinedDirectory, 'current' | 'view' | 'onView' | 'health'> &
    Partial<Pick<JoinedDirectory, 'leave'>>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /**
   * Asks a destination of this name; undefined where it is not known here. What it throws is a destination that gives
   * no answer.
   */
  readonly destination: (name: string) => ((body: Uint8Array) => Promise<Uint8Array>) | undefined
  /** Bounds the paths that it keeps, and says how readily it hands on; a network in a test may differ. */
  readonly paths?: { readonly limits?: PathLimits; readonly forward?: number }
}

/** Tells how a member is: plain values, and nothing of a single request. */
export interface MemberStatus {
  readonly role: 'member'
  /** Hex. */
  readonly id: string
  readonly epoch: number
  readonly consensus: ConsensusStatus | null
  readonly directory: DirectoryHealth
  /** Says whether that consensus has this member. */
  readonly listed: boolean
  /** Members of the crowd, this one among them. */
  readonly members: number
  /** Paths that lead through here, and those for which there was no room. */
  readonly paths: number
  readonly pathsRefused: number
  /** Requests of others: handed on, and carried out here. */
  readonly forwarded: number
  readonly submitted: number
  /** Counts what came of the requests of this member's own. */
  readonly asked: Readonly<Record<CrowdsStatus, number>>
}

/** A request of one's own. */
export interface Asking {
  readonly destination: string
  /** At most 4096 bytes. */
  readonly body: Uint8Array
  /** Requests of one session go one way, until another document is in force. Default: `''`. */
  readonly session?: string
}

/** A member that runs. Made by `startMember`. */
export interface Member extends AsyncDisposable {
  /** 32 bytes */
  readonly id: Uint8Array
  status(): MemberStatus
  /**
   * Asks a destination through the crowd: at most 4096 bytes come back.
   *
   * @throws CrowdsError
   */
  ask(asking: Asking): Promise<Uint8Array>
  /** Tells the authorities that this member leaves. @returns by the hex of each: whether it knows now */
  leave(): Promise<ReadonlyMap<string, boolean>>
  close(): Promise<void>
}

interface Session {
  readonly epoch: number
  first: Extract<Turn, { readonly do: 'forward' }>
}

/** Starts a member on its link; it serves the others until `close`. */
export function startMember(options: MemberOptions): Member {
  return new CrowdMember(options)
}

class CrowdMember implements Member {
  readonly id: Uint8Array
  readonly #options: MemberOptions
  readonly #paths: Paths
  readonly #sessions = new Map<string, Session>()
  readonly #crowds = new Map<number, Crowd>()
  readonly #asked: Record<CrowdsStatus, number> = {
    ...{ answered: 0, stale: 0, full: 0 },
    ...{ broken: 0, unknown: 0, failed: 0 },
  }
  readonly #unfollow: () => void
  #forwarded = 0
  #submitted = 0
  #closed = false

  constructor(options: MemberOptions) {
    const { link, random, directory, paths } = options
    this.id = link.id
    this.#options = options
    this.#paths = new Paths(random, paths?.limits, paths?.forward)
    this.#unfollow = directory.onView(() => this.#commit())
    link.serve(crowdsProtocol, requestBytes, (from, bytes) => this.#serve(from, bytes))
  }

  async ask({ destination, body, session = '' }: Asking): Promise<Uint8Array> {
    const view = this.#current()
    if (view === undefined) throw new CrowdsError('NOT_READY', 'no document lists this member yet')
    const crowd = this.#crowd(view)
    const way = this.#session(session, crowd)
    const path = way.first.path
    // Read once before it leaves, so that a mistake here is told as one
    writeRequest({ epoch: crowd.epoch, path, destination, body })
    const answer = await this.#hand(way.first, { crowd, destination, body }, () => {
      way.first = drawNext(this.#options.random, crowd)
    })
    this.#asked[answer.status]++
    if (answer.status === 'answered') return answer.body
    throw errorOf(answer.status, destination)
  }

  async leave(): Promise<ReadonlyMap<string, boolean>> {
    return (await this.#options.directory.leave?.()) ?? new Map()
  }

  status(): MemberStatus {
    const { directory, network, clock } = this.#options
    const view = directory.current()
    return {
      role: 'member',
      id: hex(this.id),
      epoch: epochAt(network, clock.now()),
      consensus: consensusStatus(view),
      directory: directory.health(),
      listed: this.#current() !== undefined,
      members: view === undefined ? 0 : this.#crowd(view).members.length,
      paths: this.#paths.size,
      pathsRefused: this.#paths.refused,
      forwarded: this.#forwarded,
      submitted: this.#submitted,
      asked: { ...this.#asked },
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#unfollow()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** The document of now, where it has this member. */
  #current(): View | undefined {
    const view = this.#options.directory.current()
    return view !== undefined && this.#crowd(view).has(this.id) ? view : undefined
  }

  #crowd(view: View): Crowd {
    const crowd = this.#crowds.get(view.epoch) ?? crowdOf(view)
    this.#crowds.set(view.epoch, crowd)
    return crowd
  }

  /** Another document is in force: all who were there before draw new paths, together with those who are new. */
  #commit(): void {
    const epoch = this.#options.directory.current()?.epoch
    if (epoch === undefined) return
    this.#paths.forget(epoch - 1)
    for (const old of this.#crowds.keys()) if (old < epoch - 1) this.#crowds.delete(old)
    for (const [name, session] of this.#sessions) if (session.epoch !== epoch) this.#sessions.delete(name)
  }

  #session(name: string, crowd: Crowd): Session {
    const known = this.#sessions.get(name)
    const session =
      known?.epoch === crowd.epoch
        ? known
        : { epoch: crowd.epoch, first: drawNext(this.#options.random, crowd) }
    this.#sessions.delete(name)
    this.#sessions.set(name, session)
    if (this.#sessions.size > mostSessions)
      this.#sessions.delete(this.#sessions.keys().next().value as string)
    return session
  }

  /** A request that another member sends: what is thrown here closes the stream without an answer. */
  async #serve(from: Uint8Array, bytes: Uint8Array): Promise<Uint8Array> {
    const { epoch, ...request } = readRequest(bytes)
    if (this.#closed) throw new CrowdsError('NOT_READY', 'this member has closed')
    const crowd = this.#inForce(epoch)
    if (crowd === undefined) return writeAnswer(nothing('stale'))
    if (!crowd.has(from)) throw new CrowdsError('BAD_MESSAGE', 'crowds request: not from a member')
    return writeAnswer(await this.#carry(from, request.path, { ...request, crowd }))
  }

  /** The crowd of a document of now, or of the one beside it: clocks and fetches differ a little. */
  #inForce(epoch: number): Crowd | undefined {
    const { directory } = this.#options
    const now = directory.current()?.epoch
    const view = now !== undefined && Math.abs(epoch - now) <= 1 ? directory.view(epoch) : undefined
    return view && this.#crowd(view)
  }

  /** Hands a request on, or carries it out, as its path says. */
  async #carry(from: Uint8Array, path: Uint8Array, request: Carried): Promise<CrowdsAnswer> {
    const turn = this.#paths.turn(from, path, request.crowd)
    if (turn === undefined) return nothing('full')
    if (turn.do === 'submit') return await this.#submit(request)
    this.#forwarded++
    return await this.#hand(turn, request, () => this.#paths.mend(from, path, request.crowd))
  }

  /** @param gone called where the next member cannot be reached */
  async #hand(
    { to, path }: Extract<Turn, { readonly do: 'forward' }>,
    request: Carried,
    gone: () => void,
  ): Promise<CrowdsAnswer> {
    const { link } = this.#options
    if (same(to.id, this.id)) return await this.#carry(this.id, path, request)
    const { crowd, destination, body } = request
    const bytes = writeRequest({ epoch: crowd.epoch, path, destination, body })
    try {
      const within = { timeoutMs: patienceMs, maxBytes: answerBytes }
      return readAnswer(await link.request(to, crowdsProtocol, bytes, within))
    } catch (error) {
      if (!(error instanceof LinkError) && !(error instanceof CrowdsError)) throw error
      this.#options.log.debug({ code: error.code }, 'crowds: the next member gave no answer')
      gone()
      return nothing('broken')
    }
  }

  async #submit({ destination, body }: Carried): Promise<CrowdsAnswer> {
    this.#submitted++
    const ask = this.#options.destination(destination)
    if (ask === undefined) return nothing('unknown')
    try {
      const answer = { status: 'answered', body: await ask(body) } as const
      // One that is too long is none
      writeAnswer(answer)
      return answer
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.#options.log.warn({ destination, why }, 'crowds: a destination gave no answer')
      return nothing('failed')
    }
  }
}

interface Carried {
  readonly crowd: Crowd
  readonly destination: string
  readonly body: Uint8Array
}

function nothing(status: Exclude<CrowdsStatus, 'answered'>): CrowdsAnswer {
  return { status, body: new Uint8Array(0) }
}

const failures: Readonly<
  Record<Exclude<CrowdsStatus, 'answered'>, readonly [code: CrowdsErrorCode, says: string]>
> = {
  stale: ['NOT_READY', 'the members are between two documents'],
  full: ['FULL', 'a member of the path has no room for another one'],
  broken: ['BROKEN', 'a member of the path gave no answer; whether the request was carried out is not known'],
  unknown: ['UNKNOWN_DESTINATION', 'the last member of the path knows no destination of this name'],
  failed: ['DESTINATION_FAILED', 'it gave no answer that fits'],
}

function errorOf(status: Exclude<CrowdsStatus, 'answered'>, destination: string): CrowdsError {
  const [code, says] = failures[status]
  return new CrowdsError(code, `${destination}: ${says}`)
}
