// What is kept of a participant while the page is open, and as a file to look again later (docs/spec/pages.md 10.2).
// Nothing of it is in a browser's storage.

import { VotingError } from '../../voting/index.ts'

const format = 'chaffinch-survey-1 kept answer'
const lettersAtMost = 4_000_000

/** Keeps texts by their names. */
export class MapShelf {
  readonly #texts = new Map<string, string>()

  /** Reads a file that `write` made. @throws VotingError BAD_FOLDER for anything else, and for another survey's */
  static read(survey: string, text: string): MapShelf {
    const wrong = (why: string): VotingError => new VotingError('BAD_FOLDER', `kept answer: ${why}`)
    if (text.length > lettersAtMost) throw wrong(`has more than ${lettersAtMost} letters`)
    let read: { readonly format?: unknown; readonly survey?: unknown; readonly shelf?: unknown } | null
    try {
      read = JSON.parse(text) as typeof read
    } catch {
      throw wrong('is none')
    }
    const { shelf } = read ?? {}
    if (read?.format !== format || typeof shelf !== 'object' || shelf === null) throw wrong('is none')
    if (read.survey !== survey) throw wrong('is of another survey')
    const made = new MapShelf()
    for (const [name, value] of Object.entries(shelf)) {
      if (typeof value !== 'string') throw wrong('is none')
      made.put(name, value)
    }
    return made
  }

  get(name: string): string | undefined {
    return this.#texts.get(name)
  }

  put(name: string, text: string): void {
    this.#texts.set(name, text)
  }

  write(survey: string): string {
    return `${JSON.stringify({ format, survey, shelf: Object.fromEntries(this.#texts) })}\n`
  }
}
