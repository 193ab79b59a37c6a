// What the page of elections has done by its worker, which does the mathematics: shapes alone. What is secret (a code,
// what opens a ballot) goes to the worker and nowhere else.

import type { Invited } from '../../scripts/election/voters-csv.ts'
import type {
  Answer,
  Check,
  Definition,
  Fate,
  Standing as QuestionStanding,
  Result,
} from '../../voting/index.ts'

/** An election that the server names. */
export interface Listed {
  readonly election: string
  readonly title: string
}

/** Says how an election stands, by the log as far as it was checked. */
export interface Standing {
  /** Entries of the log that were checked. */
  readonly entries: number
  readonly questions: readonly QuestionStanding[]
  /** Names who was found doing what they may not. */
  readonly findings: readonly string[]
}

export interface Opened {
  readonly election: string
  readonly definition: Definition
  readonly voters: number
  readonly votes: number
  readonly standing: Standing
}

/** Holds what is known of a voter by their code. */
export interface Entered {
  readonly weight: number
  /** For each question the tracker of the ballot that is there; null for none. */
  readonly cast: readonly (string | null)[]
}

/** A file for the reader to keep. */
export interface Kept {
  readonly name: string
  readonly text: string
  readonly tracker: string
}

export interface Challenged {
  readonly question: number
  readonly tracker: string
  readonly answer: Answer
}

/** A public folder that holds. */
export interface Verified {
  readonly election: string
  readonly definition: Definition
  readonly voters: number
  readonly result: Result
  readonly entries: number
  readonly ballots: number
  /** For each question the trackers of the ballots that count, sorted. */
  readonly trackers: readonly (readonly string[])[]
  readonly named: readonly string[]
  readonly unknown: readonly string[]
  readonly files: readonly File[]
}

export interface File {
  readonly name: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** The people of the mix-net, whom the plan names: who can hold an election. */
export interface People {
  readonly mixnet: string
  readonly controller_key: string
  readonly mixers: readonly { readonly name: string; readonly id: string }[]
  readonly trustees: readonly { readonly name: string; readonly id: string }[]
  readonly threshold: number
  readonly quorum: number
  /** SHA-256 of the plan, which all of them have. */
  readonly digest: string
}

/**
 * Holds what an administrator has made: two public files, and what only the credential authority may have. Without a
 * register there are no voters yet.
 */
export interface Prepared {
  readonly election: string
  readonly definition: string
  readonly roll: Uint8Array<ArrayBuffer>
  readonly invited: readonly Invited[]
}

/** Tells how far it is while something takes long: a check that began, or a receipt. */
export type Told = { readonly check: Check; readonly done: number } | { readonly taken: number }

/** Lists what the worker does. Each may fail with a `WorkFailure`. */
export interface Work {
  list(): Promise<readonly Listed[]>
  /** Opens an election by its id: what the server gives under it must be just that. */
  open(election: string): Promise<Opened>
  look(): Promise<Standing>
  enter(code: string): Promise<Entered>
  make(answers: readonly Answer[]): Promise<readonly string[]>
  cast(): Promise<readonly Kept[]>
  reveal(): Promise<readonly Kept[]>
  fate(receipt: string): Promise<{ readonly tracker: string; readonly fate: Fate }>
  challenge(opened: string): Promise<Challenged>
  /** Checks a public folder, or, without one, what the server's log says. */
  verify(files?: readonly File[]): Promise<Verified>
  people(): Promise<People>
  prepare(definition: unknown, register?: Uint8Array): Promise<Prepared>
  /** Hands a founded election's two public files to the server. */
  publish(election: string, definition: string, roll: Uint8Array): Promise<void>
}
