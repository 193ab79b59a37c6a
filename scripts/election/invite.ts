// chaffinch election invite: each voter's code, by mail or as files to print (docs/spec/voting.md 4.3).

import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { createTransport, type Transporter } from 'nodemailer'
import { CommandError } from '../../encoding/command-line.ts'
import { isLoopback, readIp } from '../../encoding/ip.ts'
import { printable } from '../../encoding/quoted.ts'
import { writeNew } from '../../roles/files/index.ts'
import { bytesOf, definitionIn, rollIn, textOf } from '../../roles/mixnet/election-folder.ts'
import { told } from '../../roles/mixnet/told.ts'
import { electionId, VotingError, voterOf } from '../../voting/index.ts'
import { second } from '../../world/units.ts'
import { checkText, letterOf, usualText } from './letter.ts'
import { readCodes } from './voters-csv.ts'

export interface InviteOptions {
  readonly codes?: string
  readonly smtp?: string
  readonly from?: string
  readonly letters?: string
  readonly page?: string
  readonly text?: string
  readonly subject?: string
  readonly json?: boolean
}

/** One voter's letter, ready to go. */
interface Letter {
  /** The id of the voter's key, which is on the roll. */
  readonly voter: string
  readonly name: string
  /** Empty where there is none. */
  readonly mail: string
  readonly subject: string
  readonly text: string
}

const hint = 'chaffinch election invite --help'
const password = 'CHAFFINCH_SMTP_PASSWORD'

/** Sends or writes the letters that were not sent before. */
export async function invite(folder: string, options: InviteOptions): Promise<undefined> {
  const { codes, smtp, letters: place } = options
  if (codes === undefined) throw new CommandError('USAGE', 'election invite: want --codes FILE', hint)
  if ((smtp === undefined) === (place === undefined))
    throw new CommandError('USAGE', 'election invite: want --smtp URL or --letters FOLDER', hint)
  const letters = lettersOf(folder, codes, options)
  if (place !== undefined) return writeLetters(letters, place, options)
  await mailLetters(letters, `${codes}.sent`, smtp as string, options)
}

function lettersOf(folder: string, codes: string, options: InviteOptions): readonly Letter[] {
  const definition = definitionIn(folder)
  const [election, roll] = [electionId(definition), rollIn(folder)]
  const voters = told('CONFIG', `${codes}: `, () => readCodes(bytesOf(codes)))
  const linkOf = linksTo(options.page, election)
  const hasPage = voters.every(({ code, link }) => (link ?? linkOf(code)) !== undefined)
  const text = options.text === undefined ? usualText(hasPage) : textOf(options.text)
  checkText(text, options.text ?? 'the usual letter', hasPage)
  return voters.map(({ name, mail, code, link, line }) => {
    const voter = voterIdOf(election, code)
    if (voter === undefined || !roll.has(voter))
      throw new CommandError(
        'CONFIG',
        `${codes}: line ${line}: the code is of no voter of the election in ${folder}`,
      )
    const facts = { name: name === '' ? mail : name, title: definition.title, election, code }
    const subject = options.subject ?? definition.title
    return { voter, name, mail, subject, text: letterOf(text, { ...facts, link: link ?? linkOf(code) }) }
  })
}

function voterIdOf(election: string, code: string): string | undefined {
  try {
    return voterOf(election, code).id
  } catch (error) {
    if (error instanceof VotingError) return undefined
    throw error
  }
}

/** @throws CommandError USAGE */
function linksTo(page: string | undefined, election: string): (code: string) => string | undefined {
  if (page === undefined) return () => undefined
  const url = URL.canParse(page) ? new URL(page) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hash !== '' || url.search !== '')
    throw new CommandError('USAGE', `--page ${page}: want the page's address: https://HOST/MIXNET/ui/`, hint)
  const base = url.href.endsWith('/') ? url.href : `${url.href}/`
  return code => `${base}#vote/${election}/${code}`
}

/** One file a voter, in the order of the codes. */
function writeLetters(letters: readonly Letter[], place: string, { json }: InviteOptions): undefined {
  const digits = String(letters.length).length
  for (const [i, { text }] of letters.entries())
    writeNew(join(place, `${String(i + 1).padStart(digits, '0')}.txt`), text, 0o600)
  if (json === true) console.log(JSON.stringify({ written: letters.length }))
  else console.log(`wrote ${letters.length} letters to ${place}: hand them out, then destroy them`)
}

/** So long a server may keep silent. */
const patienceMs = 30 * second

/**
 * Says how to reach a mail server: with TLS, but on this machine, where none is wanted.
 *
 * @throws CommandError USAGE, CONFIG
 */
export function serverOf(smtp: string, secret: string | undefined): object {
  const url = URL.canParse(smtp) ? new URL(smtp) : undefined
  if (url === undefined || !/^smtps?:$/.test(url.protocol) || url.hostname === '')
    throw new CommandError('USAGE', `--smtp ${smtp}: want smtp://USER@HOST:587 or smtps://USER@HOST`, hint)
  if (url.password !== '')
    throw new CommandError(
      'USAGE',
      `--smtp: others can see what stands in a command; put the password into ${password}`,
    )
  const user = decodeURIComponent(url.username)
  if (user !== '' && secret === undefined)
    throw new CommandError('CONFIG', `${password}: not set, and --smtp names the user ${user}`)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const ip = readIp(host)
  const isHere = host === 'localhost' || (ip !== undefined && isLoopback(ip))
  const secure = url.protocol === 'smtps:'
  return {
    host,
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    requireTLS: !isHere && !secure,
    ignoreTLS: isHere && !secure,
    pool: true,
    maxConnections: 1,
    // Nobody knows whether a letter left with a connection that broke: who runs this again decides
    maxRequeues: 0,
    connectionTimeout: patienceMs,
    greetingTimeout: patienceMs,
    socketTimeout: patienceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(user === '' ? {} : { auth: { user, pass: secret } }),
  }
}

/** Sends one letter after the other, and notes who has theirs: the same command goes on after a failure. */
async function mailLetters(
  letters: readonly Letter[],
  sentFile: string,
  smtp: string,
  { from, json }: InviteOptions,
): Promise<void> {
  if (from === undefined)
    throw new CommandError('USAGE', 'election invite: --smtp wants --from ADDRESS', hint)
  const before = new Set(existsSync(sentFile) ? textOf(sentFile).split('\n') : [])
  const withMail = letters.filter(({ mail }) => mail !== '')
  const due = withMail.filter(({ voter }) => !before.has(voter))
  const refused: string[] = []
  let sent = 0
  const server = createTransport(serverOf(smtp, process.env[password]))
  try {
    for (const letter of due) {
      const why = await mailOne(server, from, letter, () => `${sent} of ${due.length} letters are sent`)
      if (why === undefined) {
        appendFileSync(sentFile, `${letter.voter}\n`, { mode: 0o600, flush: true })
        sent++
      } else refused.push(`${letter.mail}: ${why}`)
    }
  } finally {
    server.close()
  }
  const told = { sent, before: withMail.length - due.length, withoutMail: letters.length - withMail.length }
  if (json === true) console.log(JSON.stringify({ ...told, refused }))
  else console.log(`${sent} letters sent, ${told.before} were sent before`)
  for (const { name, mail } of letters) if (mail === '') console.error(`no mail address: ${printable(name)}`)
  if (refused.length > 0)
    throw new CommandError(
      'FAILED',
      `the server refused: ${printable(refused.join('; '))}`,
      `the same command tries those again`,
    )
}

/**
 * @returns why the server does not take this one letter; undefined when it took it
 * @throws CommandError FAILED when it takes none
 */
async function mailOne(
  server: Transporter,
  from: string,
  { name, mail, subject, text }: Letter,
  soFar: () => string,
): Promise<string | undefined> {
  try {
    await server.sendMail({
      from,
      to: { name, address: mail },
      subject,
      text,
      headers: { 'Auto-Submitted': 'auto-generated' },
    })
    return undefined
  } catch (error) {
    const { code, responseCode = 0, message } = error as Error & { code?: string; responseCode?: number }
    // An address or a text of its own that is not taken; whatever else goes wrong would go wrong for all
    if ((code === 'EENVELOPE' || code === 'EMESSAGE') && responseCode >= 500) return message
    throw new CommandError('FAILED', `${soFar()}, then: ${printable(message)}`, 'the same command goes on')
  }
}
