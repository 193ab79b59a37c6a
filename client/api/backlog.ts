// What waits for a listener that reads more slowly than things happen: bounded alike on every transport
// (docs/spec/client-http.md 15.3).

/** With more of either the listener is dropped, and may ask again. */
export const mostWaiting = 1000
const mostWaitingBytes = 1024 * 1024

/** Counts what was told and has not left. */
export class Backlog {
  #waiting = 0
  #bytes = 0

  /** Takes one more, unless too much waits. */
  took(text: string): boolean {
    if (this.#waiting >= mostWaiting || this.#bytes + text.length > mostWaitingBytes) return false
    this.#waiting++
    this.#bytes += text.length
    return true
  }

  /** Is told that one has left. */
  gave(text: string): void {
    this.#waiting--
    this.#bytes -= text.length
  }
}
