// chaffinch cascade init: what was said, and in a terminal what is asked for; both become the same options.

import { basename } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { CommandError } from '../../encoding/command-line.ts'
import { initKey, initMixnet, type MixnetOptions } from '../../roles/mixnet/init.ts'

const whats = ['mixer', 'trustee', 'client', 'mixnet'] as const
type What = (typeof whats)[number]

/** Asks one question; an empty answer is the default. */
export type Ask = (question: string) => Promise<string>

export async function run(
  what: string | undefined,
  folder: string | undefined,
  options: MixnetOptions,
): Promise<undefined> {
  const isComplete = what !== undefined && folder !== undefined
  if (isComplete || process.stdin.isTTY !== true || process.stderr.isTTY !== true)
    return write(what, folder, options)
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answers = await askFor(question => terminal.question(question), what)
    return write(answers.what, answers.folder, { ...answers.options, ...options })
  } finally {
    terminal.close()
  }
}

function write(what: string | undefined, folder: string | undefined, options: MixnetOptions): undefined {
  if (!isWhat(what) || folder === undefined)
    throw new CommandError(
      'USAGE',
      `cascade init: want ${whats.join(', ')} and a folder`,
      'chaffinch cascade init --help',
    )
  if (what === 'mixnet') {
    const { url } = initMixnet(folder, options)
    console.error(`wrote ${folder}/mixnet.json, which everybody gets; start the Controller with`)
    console.error(`  chaffinch cascade controller ${folder}`)
    console.log(url)
    return
  }
  const line = initKey(what, folder, options.name ?? basename(folder))
  console.error(`wrote the key of a ${what}; once there is a plan, start it with`)
  console.error(`  chaffinch cascade ${what} ${folder} --plan mixnet.json`)
  console.log(line)
}

function isWhat(word: string | undefined): word is What {
  return whats.some(known => known === word)
}

interface Question {
  readonly option: keyof MixnetOptions
  readonly says: string
  readonly otherwise: string
  readonly many?: true
}

const nameOf = (otherwise: string): Question => ({ option: 'name', says: 'its name', otherwise })

const forMixnet: readonly Question[] = [
  nameOf('mixnet'),
  { option: 'url', says: 'where its Controller answers', otherwise: 'http://127.0.0.1:8580' },
  {
    option: 'mixer',
    says: "what 'init mixer' printed, one after the other; none to end",
    otherwise: '',
    many: true,
  },
  {
    option: 'trustee',
    says: "what 'init trustee' printed, one after the other; none to end",
    otherwise: '',
    many: true,
  },
  { option: 'threshold', says: 'trustees that decrypt together, more than half if empty', otherwise: '' },
  { option: 'sizeMin', says: 'messages without which a cycle is given up', otherwise: '2' },
  { option: 'closeCount', says: 'messages with which a cycle is closed, none if empty', otherwise: '' },
  { option: 'closeAfter', says: 'how long a cycle is open, no such time if empty', otherwise: '' },
]

interface Answers {
  readonly what: string
  readonly folder: string
  readonly options: MixnetOptions
}

/** Asks for everything. */
export async function askFor(ask: Ask, given: string | undefined): Promise<Answers> {
  const answer = async (says: string, otherwise: string): Promise<string> => {
    const said = (await ask(`${says}${otherwise === '' ? '' : ` [${otherwise}]`}: `)).trim()
    return said === '' ? otherwise : said
  }
  const what = given ?? (await answer(`what to write: ${whats.join(', ')}`, 'mixer'))
  const folder = await answer('its folder', what)
  const options: Record<string, string | string[]> = {}
  for (const { option, says, otherwise, many } of what === 'mixnet' ? forMixnet : [nameOf(basename(folder))])
    for (;;) {
      const said = await answer(says, otherwise)
      if (said === '') break
      if (many !== true) {
        options[option] = said
        break
      }
      options[option] = [...((options[option] as string[] | undefined) ?? []), said]
    }
  return { what, folder, options }
}
