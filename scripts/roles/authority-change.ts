// chaffinch authority add, replace, retire and keep: what one operator wants the authorities to be; and network: the
// file of the network as it is now (docs/guide/running.md 5).

import { existsSync, rmSync } from 'node:fs'
import { type AuthoritySet, sameSet, successorsOf } from '../../directory/authority/index.ts'
import { checkNetwork, DirectoryError, epochAt, epochStart, type Network } from '../../directory/index.ts'
import { hex } from '../../encoding/bytes.ts'
import { CommandError, wholeNumber } from '../../encoding/command-line.ts'
import {
  networkText,
  readAuthorityFile,
  readAuthorityLine,
  readNetwork,
  replaceFile,
  roleFileAt,
  successorsText,
  writeNew,
} from '../../roles/files/index.ts'
import { systemClock } from '../../world/clock.ts'
import { followedNetwork } from '../inquire.ts'
import { tellRunning } from './running.ts'

const hint = 'chaffinch authority --help'
type Action = 'add' | 'replace' | 'retire'

/** Epochs until a change, so that the other operators have time to say the same. */
const usualNotice = 6

export interface ChangeOptions {
  readonly config?: string
  readonly from?: string
  readonly threshold?: string
}

export async function add(line: string, options: ChangeOptions): Promise<undefined> {
  await change('add', [line], options)
}

export async function replace(id: string, line: string, options: ChangeOptions): Promise<undefined> {
  await change('replace', [id, line], options)
}

export async function retire(id: string, options: ChangeOptions): Promise<undefined> {
  await change('retire', [id], options)
}

async function change(action: Action, words: readonly string[], values: ChangeOptions): Promise<void> {
  const config = readAuthorityFile(roleFileAt('authority', values.config))
  const network = await followedNetwork(config.network)
  const now = Math.max(0, epochAt(network, systemClock.now()))
  const set = changed(network, action, words, values.threshold)
  const from =
    values.from === undefined ? now + usualNotice : wholeNumber('from', values.from, now + 2, 2 ** 31)
  const successors = successorsOf(from, set)
  replaceFile(config.successorsFile, successorsText(successors))
  await tellRunning(config.folder)
  const at = new Date(epochStart(network, from)).toISOString()
  const { length } = set.authorities
  console.log(`from epoch ${from} (${at}): ${length} authorities, of whom ${set.threshold} sign`)
  console.error(
    `${network.threshold} of the ${network.authorities.length} authorities of now have to want the same, and`,
  )
  console.error('the new ones have to run and want it too. Every operator runs, before that epoch:')
  const quoted = words.map(word => `'${word}'`).join(' ')
  console.error(`  chaffinch authority ${action} ${quoted} --from ${from} --threshold ${set.threshold}`)
}

/** Makes of the set of now the one that is wanted. */
function changed(
  network: Network,
  action: Action,
  words: readonly string[],
  threshold: string | undefined,
): AuthoritySet {
  const out = action === 'add' ? undefined : idOf(network, words[0] as string)
  const line = action === 'add' ? words[0] : action === 'replace' ? words[1] : undefined
  const stay = network.authorities.filter(({ id }) => hex(id) !== out)
  const authorities = line === undefined ? stay : [...stay, readAuthorityLine(line)]
  const { length } = authorities
  const least = Math.floor(length / 2) + 1
  const set = {
    authorities,
    threshold: threshold === undefined ? least : wholeNumber('threshold', threshold, least, length),
  }
  try {
    checkNetwork({ ...network, ...set })
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error
    throw new CommandError('USAGE', `authority ${action}: ${error.message}`, hint)
  }
  if (sameSet(set, network))
    throw new CommandError('USAGE', `authority ${action}: that changes nothing`, hint)
  return set
}

/** An authority by its id, or the beginning of it. */
function idOf(network: Network, word: string): string {
  const found = network.authorities.map(({ id }) => hex(id)).filter(id => id.startsWith(word.toLowerCase()))
  if (found.length === 1 && word.length >= 8) return found[0] as string
  const known = network.authorities.map(({ id }) => hex(id).slice(0, 16)).join(', ')
  throw new CommandError(
    'USAGE',
    `${word}: want the id of one authority, or 8 digits of it at least (${known})`,
    hint,
  )
}

export async function keep(values: { readonly config?: string }): Promise<undefined> {
  const config = readAuthorityFile(roleFileAt('authority', values.config))
  if (!existsSync(config.successorsFile)) {
    console.log('this authority wants no change')
    return
  }
  rmSync(config.successorsFile)
  await tellRunning(config.folder)
  console.log('this authority wants no change any more')
  console.error('what was announced is withdrawn when as many want no change, or another one')
}

export async function writeNetwork(
  file: string,
  { network: before = 'network.toml' }: { readonly network?: string },
): Promise<undefined> {
  const network = await followedNetwork(readNetwork(before))
  writeNew(file, networkText(network))
  const { authorities, threshold } = network
  console.log(`wrote ${file}: ${authorities.length} authorities, of whom ${threshold} sign`)
}
