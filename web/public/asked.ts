// What goes between a page and its worker: shapes alone.

/** Lists what a worker does. Each may fail with a `WorkFailure`. */
export type Works<W> = { readonly [K in keyof W]: (...of: never[]) => Promise<unknown> }

/** Why something could not be done: a code for the reader's words, and the program's own. */
export interface WorkFailure {
  readonly code: string
  readonly detail: string
}

/** Asks the worker for one thing. */
export interface Asked {
  readonly id: number
  readonly name: string
  readonly of: readonly unknown[]
}

/** Says what the worker has to say: that it is there, or about one thing that was asked. */
export type Said =
  | { readonly is: 'ready' }
  | { readonly is: 'told'; readonly id: number; readonly told: unknown }
  | { readonly is: 'done'; readonly id: number; readonly value: unknown }
  | { readonly is: 'failed'; readonly id: number; readonly failure: WorkFailure }
