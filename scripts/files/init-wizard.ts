// chaffinch init in a terminal: asks for what the command line did not say, with the documented defaults. Its answers
// become the same command line, so that both ways write the same files.

import { createInterface } from 'node:readline/promises'
import { CommandError } from '../../encoding/command-line.ts'
import { durationForm, parseDuration } from '../../encoding/duration.ts'
import { readMultiaddr } from '../../encoding/multiaddr.ts'

/** Asks one question; an empty answer is the default. */
export type Ask = (question: string) => Promise<string>

const whats = ['mix', 'gateway', 'authority', 'member', 'client', 'network'] as const
type What = (typeof whats)[number]

interface Question {
  /** An option, or the folder or file. */
  readonly option: string
  readonly says: string
  readonly otherwise: string
  /** Tells what is wrong with an answer. */
  readonly wrong?: (answer: string) => string | undefined
  /** Asked again until the answer is empty. */
  readonly many?: boolean
}

const wantAddress = (answer: string): string | undefined =>
  readMultiaddr(answer) !== undefined ? undefined : 'want a multiaddr, for instance /ip4/192.0.2.7/tcp/4201'
const wantListen = (answer: string): string | undefined =>
  readMultiaddr(answer)?.kind === 'dnsaddr'
    ? 'nobody can listen on /dnsaddr: want an address with a port, for instance /ip4/0.0.0.0/tcp/4201'
    : wantAddress(answer)
const wantPort = (answer: string): string | undefined =>
  /^\d{1,5}$/.test(answer) && Number(answer) <= 65_535 ? undefined : 'want a port from 0 to 65535'

function server(port: number): Question[] {
  const listen = `/ip4/0.0.0.0/tcp/${port}`
  return [
    { option: 'network', says: 'the network file that everybody has', otherwise: 'network.toml' },
    { option: 'listen', says: 'where it listens', otherwise: listen, wrong: wantListen },
    { option: 'announce', says: 'what others dial, where that differs', otherwise: '', wrong: wantAddress },
    {
      option: 'status-port',
      says: 'port of its status on 127.0.0.1, 0 for any',
      otherwise: '0',
      wrong: wantPort,
    },
  ]
}

const operator: Question[] = [
  { option: 'family', says: 'one name for all nodes that you run', otherwise: '' },
  { option: 'contact', says: "where the authorities' people reach you", otherwise: '' },
]

const folder = (otherwise: string): Question => ({ option: '', says: 'its folder', otherwise })

const questions: Readonly<Record<What, readonly Question[]>> = {
  mix: [folder('mix'), ...server(4201), ...operator],
  gateway: [folder('gateway'), ...server(4301), ...operator],
  authority: [folder('authority'), ...server(4101)],
  member: [folder('member'), ...server(4401), ...operator.slice(0, 1)],
  client: [
    folder('client'),
    { option: 'network', says: 'the network file that everybody has', otherwise: 'network.toml' },
    { option: 'api-port', says: 'port of its HTTP API on 127.0.0.1', otherwise: '7700', wrong: wantPort },
  ],
  network: [
    { option: '', says: 'the file', otherwise: 'network.toml' },
    { option: 'name', says: 'name of the network', otherwise: 'chaffinch' },
    {
      option: 'epoch',
      says: 'length of an epoch',
      otherwise: '20min',
      wrong: answer => (parseDuration(answer) === undefined ? `want ${durationForm}` : undefined),
    },
    {
      option: 'authority',
      says: "what 'init authority' printed, one after the other; none to end",
      otherwise: '',
      many: true,
    },
  ],
}

const mostTries = 5

/**
 * The command line that the answers make.
 *
 * @param what as given; asked for when it was not
 * @throws CommandError USAGE after too many answers that cannot be
 */
export async function wizard(ask: Ask, what: string | undefined): Promise<string[]> {
  const role = what ?? (await answer(ask, { ...kind, otherwise: 'mix' }))
  const asked = questions[role as What]
  if (asked === undefined)
    throw new CommandError('USAGE', `init: cannot write '${role}'`, 'chaffinch init --help')
  const [place, ...rest] = asked as [Question, ...Question[]]
  const args = [role, await answer(ask, place)]
  for (const question of rest) {
    for (;;) {
      const given = await answer(ask, question)
      // The usual stands in the file as a comment.
      if (given !== '' && (given !== question.otherwise || question.option === 'listen')) {
        args.push(`--${question.option}`, given)
      }
      if (question.many !== true || given === '') break
    }
  }
  return args
}

const kind: Question = {
  option: 'what',
  says: `what to write: ${whats.join(', ')}`,
  otherwise: 'mix',
  wrong: given => (whats.some(known => known === given) ? undefined : `want one of ${whats.join(', ')}`),
}

async function answer(ask: Ask, { says, otherwise, wrong }: Question): Promise<string> {
  let note = ''
  for (let tries = 0; tries < mostTries; tries++) {
    const given = (await ask(`${note}${says}${otherwise === '' ? '' : ` [${otherwise}]`}: `)).trim()
    if (given === '') return otherwise
    const problem = wrong?.(given)
    if (problem === undefined) return given
    note = `${problem}\n`
  }
  throw new CommandError('USAGE', `init: ${says}: no answer that can be`, 'chaffinch init --help')
}

/** Asks in the terminal. */
export async function inTerminal(what: string | undefined): Promise<string[]> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await wizard(question => terminal.question(question), what)
  } finally {
    terminal.close()
  }
}
