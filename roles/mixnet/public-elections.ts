// What a Controller hands out of elections besides its log (docs/spec/pages.md 8): the page, the plan, and each
// election's definition and roll. It takes these from anybody, since the log shows whether all owners agreed on them.

import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Context, Hono } from 'hono'
import * as v from 'valibot'
import type { Controller, Plan } from '../../cascade/index.ts'
import { fromBase64 } from '../../encoding/base64.ts'
import {
  chainsOf,
  electionId,
  fileNames,
  parseDefinition,
  readRoll,
  VotingError,
} from '../../voting/index.ts'
import { publicPage } from '../../world/pages/public.ts'
import { problem } from '../../world/problem.ts'
import { replaceBytes } from './election-folder.ts'
import { misfitOf } from './elections.ts'

/** An election as its files are, and its title. */
interface Kept {
  readonly title: string
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>
}

/** Elections that are kept: each was founded by all owners, so strangers cannot add any. */
const electionsAtMost = 1000
const form = v.strictObject({ definition: v.string(), voters: v.pipe(v.string(), v.base64()) })
const types: Readonly<Record<string, string>> = {
  [fileNames.definition]: 'application/json; charset=utf-8',
  [fileNames.roll]: 'application/octet-stream',
}

/** The elections that a Controller hands out. */
export class PublicElections {
  readonly #plan: Plan
  readonly #folder: string
  readonly #kept = new Map<string, Kept>()

  /**
   * Reads what was kept before.
   *
   * @param folder has a folder an election, named by its id
   */
  constructor(plan: Plan, folder: string) {
    this.#plan = plan
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
    for (const name of readdirSync(folder)) {
      const [definition, roll] = filesOf(join(folder, name)) ?? []
      if (definition !== undefined && roll !== undefined) this.#read(name, definition, roll)
    }
  }

  /** Gives the paths that a link in a letter to voters may lead to. */
  get linked(): readonly string[] {
    const base = `/${this.#plan.mixnet}`
    return ['/', base, `${base}/`, `${base}/ui`, `${base}/ui/`]
  }

  /** Adds the page, the plan and the elections below the mix-net's path. */
  routes(app: Hono, controller: Controller): void {
    const base = `/${this.#plan.mixnet}`
    const page = `${base}/ui/`
    publicPage(app, 'election', page)
    for (const path of ['/', base, `${base}/`, `${base}/ui`]) app.get(path, context => context.redirect(page))
    app.get(`${base}/mixnet.json`, context => context.json({ ...this.#plan }))
    app.get(`${base}/elections`, context =>
      context.json([...this.#kept].map(([election, { title }]) => ({ election, title }))),
    )
    app.get(`${base}/elections/:id/:file`, context => this.#file(context))
    app.put(`${base}/elections/:id`, async context => await this.#take(context, controller))
  }

  #file(context: Context): Response {
    const name = context.req.param('file') ?? ''
    const bytes = this.#kept.get(context.req.param('id') ?? '')?.files.get(name)
    if (bytes === undefined) return problem(404, 'UNKNOWN', 'election: is not there')
    return new Response(bytes, {
      headers: { 'content-type': types[name] ?? '', 'cache-control': 'no-store' },
    })
  }

  async #take(context: Context, { board }: Controller): Promise<Response> {
    const id = context.req.param('id') ?? ''
    const read = v.safeParse(form, await context.req.json().catch(() => undefined))
    if (!read.success) return problem(400, 'BAD_REQUEST', 'want {"definition", "voters"}')
    if (this.#kept.has(id)) return context.json({ election: id })
    if (this.#kept.size >= electionsAtMost) return problem(429, 'FULL', 'too many elections are here')
    const definition = new TextEncoder().encode(read.output.definition)
    const roll = new Uint8Array(fromBase64(read.output.voters))
    const kept = keptOf(definition, roll, this.#plan)
    if (typeof kept === 'string') return problem(400, 'BAD_REQUEST', kept)
    if (kept.election !== id)
      return problem(400, 'BAD_REQUEST', `definition: is of election ${kept.election}`)
    try {
      chainsOf(board, parseDefinition(read.output.definition), readRoll(roll))
    } catch (error) {
      if (!(error instanceof VotingError)) throw error
      return problem(409, 'NOT_FOUNDED', `the owners have not agreed on it: ${plain(error)}`)
    }
    mkdirSync(join(this.#folder, id), { recursive: true })
    replaceBytes(join(this.#folder, id, fileNames.roll), roll)
    replaceBytes(join(this.#folder, id, fileNames.definition), definition)
    this.#kept.set(id, kept)
    return context.json({ election: id }, 201)
  }

  /** Keeps what was on disk; nothing of another plan's people, and nothing that was changed there. */
  #read(name: string, definition: Uint8Array<ArrayBuffer>, roll: Uint8Array<ArrayBuffer>): void {
    const kept = keptOf(definition, roll, this.#plan)
    if (typeof kept !== 'string' && kept.election === name) this.#kept.set(name, kept)
  }
}

function filesOf(folder: string): readonly Uint8Array<ArrayBuffer>[] | undefined {
  try {
    return [fileNames.definition, fileNames.roll].map(
      name => new Uint8Array(readFileSync(join(folder, name))),
    )
  } catch {
    return undefined
  }
}

/** Gives an election of this plan's people, or why it is none. */
function keptOf(
  definition: Uint8Array<ArrayBuffer>,
  roll: Uint8Array<ArrayBuffer>,
  plan: Plan,
): (Kept & { readonly election: string }) | string {
  try {
    const read = parseDefinition(new TextDecoder().decode(definition))
    readRoll(roll)
    const why = misfitOf(read, plan)
    if (why !== undefined) return why
    const files = new Map([
      [fileNames.definition, definition],
      [fileNames.roll, roll],
    ] as const)
    return { election: electionId(read), title: read.title, files }
  } catch (error) {
    if (!(error instanceof VotingError)) throw error
    return plain(error)
  }
}

function plain({ message }: Error): string {
  return message.replace(/^[A-Z_]+ /, '')
}
