// What the page of surveys has done by its worker, which does the mathematics: shapes alone. What is secret (a code, an
// answer, the key that opens answers) goes to the worker and nowhere else.

import type { PacketProgress } from '../../cascade/index.ts'
import type { SurveyAnswer, SurveyForm, SurveyResults, SurveyStanding } from '../../voting/index.ts'

/** A survey that the server names. */
export interface Listed {
  readonly survey: string
  readonly title: string
}

/** Says how a survey stands, by the log as far as it was checked. */
export interface Standing extends SurveyStanding {
  /** Entries of the log that were checked. */
  readonly entries: number
  /** Names who was found doing what they may not. */
  readonly findings: readonly string[]
}

export interface Opened {
  readonly survey: string
  readonly form: SurveyForm
  readonly invited: number
  readonly standing: Standing
}

/** Says what became of an answer, with what is to be kept to look again. */
export interface Followed {
  readonly state: PacketProgress
  /** A file for the participant alone: it can show, send again and replace the answer. */
  readonly kept: string
  readonly standing: Standing
}

/** Says how many answers came out; null while nothing has. */
export interface Gathered {
  readonly participants: number | null
  readonly standing: Standing
}

/** Lists what the worker does. Each may fail with a `WorkFailure`. */
export interface Work {
  list(): Promise<readonly Listed[]>
  /** Opens a survey by its id: what the server gives under it must be just that. */
  open(survey: string): Promise<Opened>
  look(): Promise<Standing>
  /** Lets a participant in. */
  enter(code: string): Promise<{ readonly again: boolean }>
  /** Sends answers, in the place of what this participant has said before. */
  send(answers: readonly SurveyAnswer[]): Promise<Followed>
  /** Takes up an answer that was kept. */
  resume(kept: string): Promise<Followed>
  /** Looks what became of the answer, sends it again where it was lost, and shows who lost it. */
  follow(): Promise<Followed>
  /** Takes the answers with the key that opens them, a step at a time, and says so on the board. */
  gather(key: string): Promise<Gathered>
  /** Takes answers that `survey collect` has kept. */
  takeAnswers(text: string): Promise<Gathered>
  /** Counts. @param by the number of the question that makes groups, from 0 on */
  results(by?: number): Promise<SurveyResults>
}
