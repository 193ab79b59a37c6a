// Surveys on a disk: the folder that mixers and participants have (docs/spec/surveys.md 5), and those that a member of
// a mix-net holds with the others.

import { join } from 'node:path'
import { keyId, type Plan } from '../../cascade/index.ts'
import { fromHex } from '../../encoding/bytes.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { parseForm, type Roll, readRoll, Survey, type SurveyForm } from '../../voting/index.ts'
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
  return told('CONFIG', `${folder}: `, () => readRoll(bytesOf(join(folder, surveyFiles.roll))))
}

/** Reads the surveys that a member was told of. @throws CommandError CONFIG for one that is not of this plan */
export function surveysIn(folders: readonly string[], plan: Plan, member: string): Survey[] {
  return folders.map(folder => {
    const form = formIn(folder)
    const mixers = plan.mixers.map(({ key_data }) => keyId(fromHex(key_data)))
    const wrong = (why: string): CommandError => new CommandError('CONFIG', `${folder}: ${why}`)
    if (form.mixnet !== plan.mixnet) throw wrong(`mixnet: is ${form.mixnet}, not ${plan.mixnet}`)
    if (form.controller_key !== plan.controller_key) throw wrong('controller_key: is not that of the plan')
    const stranger = form.mixers.find(id => !mixers.includes(id))
    if (stranger !== undefined) throw wrong(`mixers: ${stranger} is none of the plan`)
    if (!form.mixers.includes(member)) throw wrong('this member has no part in it')
    return new Survey(form, participantsIn(folder))
  })
}
