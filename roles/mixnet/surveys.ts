// Surveys on a disk: the folder that mixers and participants have (docs/spec/surveys.md 5), and those that a member of
// a mix-net holds with the others.

import { join } from 'node:path'
import { keyId, type Plan } from '../../cascade/index.ts'
import { fromHex } from '../../encoding/bytes.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { parseForm, type Roll, readRoll, Survey, type SurveyForm, VotingError } from '../../voting/index.ts'
import { bytesOf, textOf } from './election-folder.ts'
import { told } from './told.ts'

/** Names the files of a survey's folder. */
export const surveyFiles = { form: 'survey.json', roll: 'participants.bin' } as const

/** Reads a survey's form. @throws CommandError CONFIG */
export function formIn(folder: string): SurveyForm {
  return told('CONFIG', `${folder}: `, () => parseForm(textOf(join(folder, surveyFiles.form))))
}

/** Reads who may answer. @throws CommandError CONFIG */
export function participantsIn(folder: string): Roll {
  return told('CONFIG', `${folder}: `, () => {
    const roll = readRoll(bytesOf(join(folder, surveyFiles.roll)))
    if (roll.size === 0) throw new VotingError('BAD_VOTERS', 'participants: want one at least')
    return roll
  })
}

/** Reads the surveys that a member was told of. @throws CommandError CONFIG for one that is not of this plan */
export function surveysIn(folders: readonly string[], plan: Plan, member: string): Survey[] {
  return folders.map(folder => {
    const form = formIn(folder)
    const why = surveyMisfit(form, plan, member)
    if (why !== undefined) throw new CommandError('CONFIG', `${folder}: ${why}`)
    return new Survey(form, participantsIn(folder))
  })
}

/** Says why a survey cannot be held by the mixers of a plan; undefined where it can. @param member who asks */
export function surveyMisfit(form: SurveyForm, plan: Plan, member?: string): string | undefined {
  const mixers = plan.mixers.map(({ key_data }) => keyId(fromHex(key_data)))
  if (form.mixnet !== plan.mixnet) return `mixnet: is ${form.mixnet}, not ${plan.mixnet}`
  if (form.controller_key !== plan.controller_key) return 'controller_key: is not that of the plan'
  const stranger = form.mixers.find(id => !mixers.includes(id))
  if (stranger !== undefined) return `mixers: ${stranger} is none of the plan`
  return member === undefined || form.mixers.includes(member) ? undefined : 'this member has no part in it'
}
