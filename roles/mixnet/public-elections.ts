// What a Controller hands out of elections and surveys besides its log (docs/spec/pages.md 8 and 10): their pages, the
// plan, and the two files of each.

import { join } from 'node:path'
import type { Hono } from 'hono'
import { type Controller, ownersOf, type Plan } from '../../cascade/index.ts'
import {
  chainsOf,
  demandRoll,
  electionId,
  fileNames,
  parseDefinition,
  parseForm,
  readRoll,
  Survey,
  VotingError,
} from '../../voting/index.ts'
import { misfitOf } from './elections.ts'
import { type Kind, Published } from './published.ts'
import { surveyFiles, surveyMisfit } from './surveys.ts'

/** The elections and surveys that a Controller hands out. */
export class PublicElections {
  readonly #plan: Plan
  readonly #elections: Published
  readonly #surveys: Published

  /**
   * Reads what was kept before.
   *
   * @param folder has the folders `elections` and `surveys`, each with a folder an election or survey, named by its id
   */
  constructor(plan: Plan, folder: string) {
    this.#plan = plan
    const members = ownersOf(plan)
    this.#elections = new Published(electionsOf(plan), members, join(folder, 'elections'))
    this.#surveys = new Published(surveysOf(plan), members, join(folder, 'surveys'))
  }

  /** Gives the paths that a link in a letter may lead to. */
  get linked(): readonly string[] {
    const base = `/${this.#plan.mixnet}`
    const pages = ['ui', 'survey'].flatMap(page => [`${base}/${page}`, `${base}/${page}/`])
    return ['/', base, `${base}/`, ...pages]
  }

  /** Adds the pages, the plan, the elections and the surveys below the mix-net's path. */
  routes(app: Hono, controller: Controller): void {
    const base = `/${this.#plan.mixnet}`
    this.#elections.routes(app, base, controller)
    this.#surveys.routes(app, base, controller)
    // A mix-net of packets alone holds surveys
    const first = this.#plan.trustees.length === 0 ? 'survey' : 'ui'
    for (const path of ['/', base, `${base}/`])
      app.get(path, context => context.redirect(`${base}/${first}/`))
    app.get(`${base}/mixnet.json`, context => context.json({ ...this.#plan }))
  }
}

function electionsOf(plan: Plan): Kind {
  return {
    name: 'election',
    page: 'ui',
    text: { file: fileNames.definition, field: 'definition' },
    roll: { file: fileNames.roll, field: 'voters' },
    read: (text, roll) => {
      const definition = parseDefinition(text)
      demandRoll(definition, readRoll(roll))
      return misfitOf(definition, plan) ?? { id: electionId(definition), title: definition.title }
    },
    misfit: (board, text, roll) => {
      try {
        chainsOf(board, parseDefinition(text), readRoll(roll))
        return undefined
      } catch (error) {
        if (!(error instanceof VotingError)) throw error
        return error.detail
      }
    },
  }
}

function surveysOf(plan: Plan): Kind {
  return {
    name: 'survey',
    page: 'survey',
    text: { file: surveyFiles.form, field: 'form' },
    roll: { file: surveyFiles.roll, field: 'participants' },
    read: (text, roll) => {
      const form = parseForm(text)
      const { id } = new Survey(form, readRoll(roll))
      return surveyMisfit(form, plan) ?? { id, title: form.title }
    },
    misfit: (board, text, roll) => {
      const { chains } = new Survey(parseForm(text), readRoll(roll))
      return chains.all(board).length > 0 ? undefined : 'its chain is not there'
    },
  }
}
