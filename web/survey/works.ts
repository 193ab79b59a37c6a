// What the worker of the page of surveys does, on the functions that the commands stand on: nothing is checked, sealed
// or counted here by other code than theirs.

import {
  Audit,
  type PacketRecipient,
  type PacketSender,
  remoteController,
  sealingSecret,
} from '../../cascade/index.ts'
import { fromHex } from '../../encoding/bytes.ts'
import { seedIn } from '../../encoding/key-file.ts'
import type { Group } from '../../shuffle/index.ts'
import {
  answerRecipient,
  answerSender,
  type Collected,
  encodeAnswers,
  hasAnswered,
  keepParticipant,
  parseForm,
  readCollected,
  readRoll,
  recipientOfSurvey,
  Survey,
  type SurveyAnswer,
  type SurveyForm,
  surveyAnswersOf,
  surveyId,
  surveyResultsOf,
  surveyStanding,
  VotingError,
} from '../../voting/index.ts'
import { systemRandom } from '../../world/random.ts'
import { Failure } from '../public/failure.ts'
import { bytesAt, groupHere, jsonAt } from '../public/serve.ts'
import { MapShelf } from './shelf.ts'
import type { Followed, Gathered, Listed, Standing, Work } from './work.ts'

const pauseMs = 200
/** Looks at the log before an answer that was not taken is given up. */
const looksAtMost = 300

/** A survey that is followed. */
interface Open {
  readonly survey: Survey
  readonly audit: Audit
}

/** A participant in this tab, with what is kept of them. */
interface Participant {
  readonly shelf: MapShelf
  readonly sender: PacketSender
}

/** Whoever holds the key, in this tab. */
interface Holder {
  readonly key: string
  readonly recipient: PacketRecipient
}

/** Gives what the worker does. @param base where the mix-net is */
export function worksFor(base: string): Work {
  return new SurveyWorks(base)
}

class SurveyWorks implements Work {
  readonly #base: string
  readonly #group: Group = groupHere()
  readonly #remote: ReturnType<typeof remoteController>
  #open: Open | undefined
  #participant: Participant | undefined
  #holder: Holder | undefined
  #answers: Collected | undefined

  constructor(base: string) {
    this.#base = base
    this.#remote = remoteController({
      url: base,
      fetch: (url, init) => fetch(url, { ...init, cache: 'no-store' }),
    })
  }

  async list(): Promise<readonly Listed[]> {
    return (await jsonAt(`${this.#base}/surveys`)) as readonly Listed[]
  }

  async open(id: string): Promise<Awaited<ReturnType<Work['open']>>> {
    if (this.#open?.survey.id !== id) {
      this.#open = await openSurvey(this.#base, id, this.#group)
      this.#participant = undefined
      this.#holder = undefined
      this.#answers = undefined
    }
    const standing = await this.look()
    const { form, roll, chains } = this.#open.survey
    if (chains.all(this.#open.audit.board).length === 0)
      throw new Failure('LIED', 'its mixers have not made its chain')
    return { survey: id, form, invited: roll.size, standing }
  }

  async look(): Promise<Standing> {
    const { audit } = this.#opened()
    await audit.follow(this.#remote.source)
    return this.#standing()
  }

  async enter(code: string): Promise<{ readonly again: boolean }> {
    await this.look()
    const { survey, audit } = this.#opened()
    const shelf = new MapShelf()
    const { id } = keepParticipant(survey, code, shelf)
    this.#participant = { shelf, sender: this.#senderOn(shelf) }
    return { again: hasAnswered(audit, survey, id) }
  }

  async send(answers: readonly SurveyAnswer[]): Promise<Followed> {
    const { stage } = await this.look()
    const { form } = this.#opened().survey
    if (stage !== 'open') throw new VotingError('NOT_OPEN', 'the survey takes no answers now')
    const { sender } = this.#taking()
    const number = sender.send(recipientOfSurvey(form), encodeAnswers(form, answers))
    for (let looks = 0; sender.progress(number) === 'queued'; looks++) {
      const isBusy = await sender.tick()
      this.#demandHonest()
      if (looks > looksAtMost) throw new VotingError('NOT_TAKEN', 'no receipt has come: answer again')
      if (!isBusy) await new Promise(resolve => setTimeout(resolve, pauseMs))
    }
    return this.#followed()
  }

  async resume(kept: string): Promise<Followed> {
    await this.look()
    const { survey } = this.#opened()
    const shelf = MapShelf.read(survey.id, kept)
    const sender = this.#senderOn(shelf)
    if (sender.count === 0) throw new VotingError('BAD_FOLDER', 'nobody has answered into it')
    this.#participant = { shelf, sender }
    return await this.follow()
  }

  async follow(): Promise<Followed> {
    const { sender } = this.#taking()
    // What was lost is shown, and what waits is sent: several steps, none of which waits for anybody
    for (let step = 0; step < 8 && (await sender.tick()); step++) this.#demandHonest()
    this.#demandHonest()
    return this.#followed()
  }

  async gather(key: string): Promise<Gathered> {
    await this.look()
    const { survey, audit } = this.#opened()
    if (this.#holder?.key !== key) {
      const seed = seedIn(key)
      if (seed === undefined)
        throw new VotingError('BAD_CODE', 'want a key file, with a line of 64 hexadecimal digits')
      const secret = sealingSecret(this.#group, seed)
      const take = async (): Promise<boolean> => {
        this.#answers = surveyAnswersOf(this.#group, audit, survey, secret)
        return this.#answers !== undefined
      }
      const parts = { survey, audit, shelf: new MapShelf(), ...this.#parts() }
      this.#holder = { key, recipient: answerRecipient(parts, seed, take) }
    }
    const { recipient } = this.#holder
    for (let step = 0; step < 8 && (await recipient.tick(Date.now())); step++) this.#demandHonest()
    return this.#gathered(recipient.isIdle)
  }

  async takeAnswers(text: string): Promise<Gathered> {
    await this.look()
    this.#answers = readCollected(this.#opened().survey.form, text)
    return this.#gathered(true)
  }

  async results(by?: number): Promise<Awaited<ReturnType<Work['results']>>> {
    const { form, roll } = this.#opened().survey
    if (this.#answers === undefined) throw new Failure('UNKNOWN', 'no answers have been taken')
    return surveyResultsOf(form, roll.size, this.#answers, by)
  }

  #opened(): Open {
    if (this.#open === undefined) throw new Failure('UNKNOWN', 'no survey is open')
    return this.#open
  }

  #taking(): Participant {
    if (this.#participant === undefined) throw new Failure('UNKNOWN', 'no code was given')
    return this.#participant
  }

  #parts() {
    return { group: this.#group, random: systemRandom, ...this.#remote }
  }

  #senderOn(shelf: MapShelf): PacketSender {
    return answerSender({ ...this.#opened(), shelf, ...this.#parts() })
  }

  #demandHonest(): void {
    const { audit } = this.#opened()
    const [lie] = audit.isForked ? audit.findings : []
    if (lie !== undefined) throw new Failure('LIED', `the Controller ${lie.what}`)
  }

  #standing(): Standing {
    this.#demandHonest()
    const { survey, audit } = this.#opened()
    const findings = audit.findings.map(({ who, what }) => `${who} ${what}`)
    return { ...surveyStanding(audit, survey), entries: audit.size, findings }
  }

  #followed(): Followed {
    const { sender, shelf } = this.#taking()
    const state = sender.progress(sender.count - 1)
    return { state, kept: shelf.write(this.#opened().survey.id), standing: this.#standing() }
  }

  #gathered(isOver: boolean): Gathered {
    return { participants: isOver ? (this.#answers?.length ?? null) : null, standing: this.#standing() }
  }
}

async function openSurvey(base: string, id: string, group: Group): Promise<Open> {
  if (!/^[0-9a-f]{64}$/.test(id)) throw new Failure('UNKNOWN', 'the id has 64 digits of 0-9 a-f')
  const at = `${base}/surveys/${id}`
  const [text, people] = await Promise.all([bytesAt(`${at}/survey.json`), bytesAt(`${at}/participants.bin`)])
  let form: SurveyForm
  try {
    form = parseForm(new TextDecoder().decode(text))
  } catch (error) {
    if (!(error instanceof VotingError)) throw error
    throw new Failure('OTHER', error.detail)
  }
  if (surveyId(form) !== id) throw new Failure('OTHER', `it is ${surveyId(form)}`)
  const audit = new Audit(form.mixnet, fromHex(form.controller_key), group, systemRandom)
  try {
    return { survey: new Survey(form, readRoll(people)), audit }
  } catch (error) {
    if (!(error instanceof VotingError)) throw error
    throw new Failure('LIED', error.detail)
  }
}
