// The page of a mixer's or trustee's operator (docs/spec/pages.md 9), on a port of loopback of the member's own
// process: the key stays in that process, and the page only says what the operator wants.

import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Context, Hono } from 'hono'
import * as v from 'valibot'
import type { Plan } from '../../cascade/index.ts'
import { fromBase64 } from '../../encoding/base64.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { isTime } from '../../encoding/time.ts'
import {
  type Definition,
  electionId,
  fileNames,
  Opening,
  parseDefinition,
  readRoll,
  VotingError,
} from '../../voting/index.ts'
import { systemClock } from '../../world/clock.ts'
import { isBearer, type Loopback, serveLoopback, tokenFrom } from '../../world/http.ts'
import type { LogLines } from '../../world/log-lines.ts'
import { Pages } from '../../world/pages/pages.ts'
import { problem } from '../../world/problem.ts'
import { systemRandom } from '../../world/random.ts'
import { replaceBytes } from './election-folder.ts'
import { closeElection, misfitOf } from './elections.ts'
import type { MemberStatus } from './member-status.ts'
import { endElection, prolongElection } from './too-few.ts'

/** Holds what the page works with. */
export interface MemberPageParts {
  /** The member's folder. */
  readonly folder: string
  readonly plan: Plan
  /** The member's id. */
  readonly id: string
  /** Elections that it holds; one that its operator takes part in is added. */
  readonly elections: Opening[]
  readonly status: () => MemberStatus
  readonly lines: LogLines
}

/** Holds what an election asks of this member, for its operator to compare. */
export interface Asked {
  readonly election: string
  readonly definition: Definition
  readonly voters: number
  readonly votes: number
}

/** A roll of a million voters is 36 MB, and in Base64 a third longer. */
const bodyBytesAtMost = 64 * 1024 * 1024
const timeForm = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/
const form = v.strictObject({ definition: v.string(), voters: v.pipe(v.string(), v.base64()) })
const prolongForm = v.strictObject({ until: v.string() })
const closeForm = v.strictObject({ at: v.pipe(v.string(), v.regex(timeForm)) })

/** Lists the folders of elections that a member was told to take part in by its page. */
export function foldersTaken(folder: string): string[] {
  const taken = join(folder, 'elections')
  mkdirSync(taken, { recursive: true, mode: 0o700 })
  // The definition is written last: without it a folder is half of one
  return readdirSync(taken)
    .map(name => join(taken, name))
    .filter(path => existsSync(join(path, fileNames.definition)))
}

/** Serves the page. @param port 0 takes a free one. @throws ListenError, TokenError */
export async function serveMemberPage(parts: MemberPageParts, port: number): Promise<Loopback> {
  const token = await tokenFrom(join(parts.folder, 'token'))
  const owner = (header: string | undefined): boolean => isBearer(header, token)
  return await serveLoopback({
    port,
    token,
    pages: new Pages({ page: 'member', owner, clock: systemClock, random: systemRandom }),
    maxBodyBytes: bodyBytesAtMost,
    routes: app => memberRoutes(app, parts),
  })
}

function memberRoutes(app: Hono, parts: MemberPageParts): void {
  const { folder, elections, status, lines } = parts
  app.get('/status', context => context.json(status()))
  app.get('/log', context => context.json({ lines: lines.after(Number(context.req.query('after') ?? -1)) }))
  app.post('/elections/look', async context => {
    const read = await electionIn(context, parts)
    return read instanceof Response ? read : context.json(asked(read.opening))
  })
  app.post('/elections', async context => {
    const read = await electionIn(context, parts)
    if (read instanceof Response) return read
    const { election } = read.opening
    if (elections.some(each => each.election === election)) return context.json({ election })
    const own = join(folder, 'elections', election)
    mkdirSync(own, { recursive: true, mode: 0o700 })
    replaceBytes(join(own, fileNames.roll), read.roll)
    replaceBytes(join(own, fileNames.definition), read.definition)
    elections.push(read.opening)
    return context.json({ election }, 201)
  })
  app.post('/elections/:id/close', async context => {
    const id = context.req.param('id')
    const held = elections.find(({ election }) => election === id)
    if (held === undefined) return notHeld()
    const { closes_at } = held.definition
    if (closes_at !== undefined)
      return problem(409, 'WRONG_STATE', `the definition says when it is closed: ${closes_at}`)
    const read = v.safeParse(closeForm, await context.req.json().catch(() => undefined))
    if (!read.success || Number.isNaN(Date.parse(read.output.at)))
      return problem(400, 'BAD_REQUEST', 'at: want a time as 2026-01-31T18:00:00Z')
    return written(id, () => closeElection(folder, id, read.output.at))
  })
  app.post('/elections/:id/end', context => {
    const id = context.req.param('id')
    const held = elections.find(({ election }) => election === id)
    return held === undefined ? notHeld() : written(id, () => endElection(folder, held.definition))
  })
  app.post('/elections/:id/prolong', async context => {
    const id = context.req.param('id')
    const held = elections.find(({ election }) => election === id)
    if (held === undefined) return notHeld()
    const read = v.safeParse(prolongForm, await context.req.json().catch(() => undefined))
    if (!read.success || !isTime(read.output.until))
      return problem(400, 'BAD_REQUEST', 'until: want a time as 2026-01-31T18:00:00Z')
    return written(id, () => prolongElection(folder, held.definition, read.output.until))
  })
}

function notHeld(): Response {
  return problem(404, 'UNKNOWN', 'this member does not hold such an election')
}

/** Writes down what an operator says of an election, and answers. */
function written(election: string, write: () => void): Response {
  try {
    write()
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return problem(409, 'WRONG_STATE', error.message)
  }
  return Response.json({ election }, { status: 201 })
}

function asked({ election, definition, roll }: Opening): Asked {
  const votes = [...roll.values()].reduce((sum, weight) => sum + weight, 0)
  return { election, definition, voters: roll.size, votes }
}

interface Read {
  readonly opening: Opening
  readonly definition: Uint8Array
  readonly roll: Uint8Array
}

/** Reads an election that somebody was given; an answer where it is none, or not of this member's plan. */
async function electionIn(context: Context, { plan, id }: MemberPageParts): Promise<Read | Response> {
  const read = v.safeParse(form, await context.req.json().catch(() => undefined))
  if (!read.success) return problem(400, 'BAD_REQUEST', 'want {"definition", "voters"}')
  const roll = fromBase64(read.output.voters)
  try {
    const definition = parseDefinition(read.output.definition)
    const why = misfitOf(definition, plan, id)
    if (why !== undefined) return problem(400, 'MISFIT', `election ${electionId(definition)}: ${why}`)
    const opening = new Opening(definition, readRoll(roll))
    return { opening, definition: new TextEncoder().encode(read.output.definition), roll }
  } catch (error) {
    if (!(error instanceof VotingError)) throw error
    return problem(400, error.code, error.detail)
  }
}
