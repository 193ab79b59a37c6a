// What a Controller hands out besides its log (docs/spec/pages.md 8 and 10): elections and surveys, each of two files
// that anybody may hand in, since the log shows whether all owners have agreed on them.

import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Context, Hono, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import * as v from 'valibot'
import type { Board, Controller } from '../../cascade/index.ts'
import { fromBase64 } from '../../encoding/base64.ts'
import { same } from '../../encoding/bytes.ts'
import { VotingError } from '../../voting/index.ts'
import { publicPage } from '../../world/pages/public.ts'
import { problem } from '../../world/problem.ts'
import { replaceBytes } from './election-folder.ts'

/** Names what a pair of files is of. */
export interface Pair {
  readonly id: string
  readonly title: string
}

/** A kind of pair. */
export interface Kind {
  /** Names one, and in the plural the path of all. */
  readonly name: 'election' | 'survey'
  /** Names the page, and where it is below the mix-net's path. */
  readonly page: string
  /** The file with the text, and what it is called in a request. */
  readonly text: { readonly file: string; readonly field: string }
  /** The file with the people's keys. */
  readonly roll: { readonly file: string; readonly field: string }
  /** Reads a pair; gives why it is none of this mix-net's. @throws VotingError for what cannot be read */
  read(text: string, roll: Uint8Array): Pair | string
  /** Says why the owners have not agreed on it; undefined where they have. */
  misfit(board: Board, text: string, roll: Uint8Array): string | undefined
}

interface Kept extends Pair {
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>
}

/** Pairs that are kept: each was founded by all owners, so strangers cannot add any. */
const keptAtMost = 1000
/** Bytes of a body that anybody may send: those of a few thousand people. */
const smallBytesAtMost = 256 * 1024
/** A roll of a million people is 36 MB, and in Base64 a third longer. */
const bodyBytesAtMost = 64 * 1024 * 1024
/** Larger bodies that are read at a time. */
const largeAtMost = 2

/** The pairs of one kind that a Controller hands out. */
export class Published {
  readonly #kind: Kind
  readonly #folder: string
  readonly #kept = new Map<string, Kept>()
  readonly #members: ReadonlySet<string>
  #large = 0

  /**
   * Reads what was kept before; nothing of other people, and nothing that was changed there.
   *
   * @param members ids of the mix-net's own
   * @param folder has a folder a pair, named by its id
   */
  constructor(kind: Kind, members: readonly string[], folder: string) {
    this.#kind = kind
    this.#members = new Set(members)
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
    for (const name of readdirSync(folder)) {
      const [text, roll] = filesOf(join(folder, name), kind) ?? []
      const kept = text && roll && this.#keptOf(text, roll)
      if (typeof kept === 'object' && kept.id === name) this.#kept.set(name, kept)
    }
  }

  /** Adds the page and the pairs below the mix-net's path. @param base as /NAME */
  routes(app: Hono, base: string, controller: Controller): void {
    const { name, page } = this.#kind
    const at = `${base}/${name}s`
    publicPage(app, name, `${base}/${page}/`)
    app.get(`${base}/${page}`, context => context.redirect(`${base}/${page}/`))
    app.get(at, context =>
      context.json([...this.#kept.values()].map(({ id, title }) => ({ [name]: id, title }))),
    )
    app.get(`${at}/:id/:file`, context => this.#file(context))
    const [small, large] = [smallBytesAtMost, bodyBytesAtMost].map(maxSize =>
      bodyLimit({ maxSize, onError: () => problem(413, 'FULL', `the body is longer than ${maxSize} bytes`) }),
    ) as [MiddlewareHandler, MiddlewareHandler]
    app.put(
      `${at}/:id`,
      async (context, next) => {
        // Without its length a body is read as far as a small one goes
        if (!(Number(context.req.header('content-length')) > smallBytesAtMost)) return small(context, next)
        return (
          this.#refusedUnread(context, controller) ??
          (await this.#oneOfFew(async () => await large(context, next)))
        )
      },
      async context => await this.#take(context, controller),
    )
  }

  /** Says why a large body is not even read: it is of nothing that members have agreed on, or others are read now. */
  #refusedUnread(context: Context, { board }: Controller): Response | undefined {
    const { name } = this.#kind
    const id = context.req.param('id') ?? ''
    const isFounded = [...board.peers.values()].some(
      peer => peer.name.startsWith(`${id} `) && peer.owners.every(owner => this.#members.has(owner)),
    )
    if (!isFounded)
      return problem(409, 'NOT_FOUNDED', `the owners have not agreed on it: no peer of this ${name} is there`)
    return this.#large < largeAtMost
      ? undefined
      : problem(503, 'BUSY', `${largeAtMost} others are being handed in: try again later`)
  }

  async #oneOfFew<T>(act: () => Promise<T>): Promise<T> {
    this.#large++
    try {
      return await act()
    } finally {
      this.#large--
    }
  }

  #file(context: Context): Response {
    const { name, text } = this.#kind
    const file = context.req.param('file') ?? ''
    const bytes = this.#kept.get(context.req.param('id') ?? '')?.files.get(file)
    if (bytes === undefined) return problem(404, 'UNKNOWN', `${name}: is not there`)
    const type = file === text.file ? 'application/json; charset=utf-8' : 'application/octet-stream'
    return new Response(bytes, { headers: { 'content-type': type, 'cache-control': 'no-store' } })
  }

  async #take(context: Context, { board }: Controller): Promise<Response> {
    const { name, text, roll } = this.#kind
    const id = context.req.param('id') ?? ''
    const form = v.strictObject({ [text.field]: v.string(), [roll.field]: v.pipe(v.string(), v.base64()) })
    const read = v.safeParse(form, await context.req.json().catch(() => undefined))
    if (!read.success) return problem(400, 'BAD_REQUEST', `want {"${text.field}", "${roll.field}"}`)
    const written = read.output[text.field] as string
    const bytes = new TextEncoder().encode(written)
    const people = new Uint8Array(fromBase64(read.output[roll.field] as string))
    const there = this.#kept.get(id)
    if (there !== undefined) {
      const [first, second] = [text, roll].map(({ file }) => there.files.get(file) ?? new Uint8Array())
      const differs = !same(first as Uint8Array, bytes)
        ? text
        : !same(second as Uint8Array, people)
          ? roll
          : undefined
      if (differs === undefined) return context.json({ [name]: id })
      return problem(409, 'DIFFERS', `${differs.field}: this ${name} is here with another one, which stays`)
    }
    if (this.#kept.size >= keptAtMost) return problem(429, 'FULL', `too many ${name}s are here`)
    const kept = this.#keptOf(bytes, people)
    if (typeof kept === 'string') return problem(400, 'BAD_REQUEST', kept)
    if (kept.id !== id) return problem(400, 'BAD_REQUEST', `${text.field}: is of ${name} ${kept.id}`)
    const why = this.#kind.misfit(board, written, people)
    if (why !== undefined) return problem(409, 'NOT_FOUNDED', `the owners have not agreed on it: ${why}`)
    mkdirSync(join(this.#folder, id), { recursive: true })
    replaceBytes(join(this.#folder, id, roll.file), people)
    replaceBytes(join(this.#folder, id, text.file), bytes)
    this.#kept.set(id, kept)
    return context.json({ [name]: id }, 201)
  }

  /** Gives a pair of this mix-net's people, or why it is none. */
  #keptOf(bytes: Uint8Array<ArrayBuffer>, people: Uint8Array<ArrayBuffer>): Kept | string {
    const { text, roll } = this.#kind
    try {
      const pair = this.#kind.read(new TextDecoder().decode(bytes), people)
      if (typeof pair === 'string') return pair
      const files = new Map([
        [text.file, bytes],
        [roll.file, people],
      ])
      return { ...pair, files }
    } catch (error) {
      if (!(error instanceof VotingError)) throw error
      return error.detail
    }
  }
}

function filesOf(folder: string, { text, roll }: Kind): readonly Uint8Array<ArrayBuffer>[] | undefined {
  try {
    return [text, roll].map(({ file }) => new Uint8Array(readFileSync(join(folder, file))))
  } catch {
    return undefined
  }
}
