// chaffinch crowds: runs a member of the crowd, asks through a running one, or tells the authorities that it leaves.

import { RemoteError } from '../../client/remote/index.ts'
import { CommandError } from '../../encoding/command-line.ts'
import { isAway, readMemberFile, remoteAt, roleFileAt } from '../../roles/files/index.ts'
import { runMember } from '../../roles/member.ts'
import { second } from '../../world/units.ts'
import { printAnswer } from '../ask/quoted.ts'
import { contentGiven } from '../terminal/input.ts'
import { leave } from './leave.ts'
import { endpointOf } from './running.ts'

interface Options {
  readonly config?: string
}

/** Longer than a member waits for the next one. */
const askMs = 40 * second

export async function run({ config }: Options): Promise<number> {
  return await runMember(roleFileAt('member', config))
}

export async function leaveCrowd({ config }: Options): Promise<number> {
  return await leave(readMemberFile(roleFileAt('member', config)))
}

export async function ask(
  destination: string,
  text: string | undefined,
  { config, session, json }: Options & { readonly session?: string; readonly json?: true },
): Promise<undefined> {
  const file = roleFileAt('member', config)
  const endpoint = endpointOf(readMemberFile(file).folder)
  const away = new CommandError(
    'FAILED',
    `${file}: the member does not run`,
    `chaffinch crowds --config ${file}`,
  )
  if (endpoint === undefined) throw away
  const content = await contentGiven('crowds ask', text)
  const body = { destination, body: Buffer.from(content).toString('base64'), session }
  try {
    const answer = await remoteAt(endpoint).ask('/ask', { method: 'POST', body, timeoutMs: askMs })
    printAnswer(Buffer.from((answer as { readonly body: string }).body, 'base64'), json)
  } catch (error) {
    if (isAway(error)) throw away
    if (error instanceof RemoteError) throw new CommandError('FAILED', error.detail, hints[error.code])
    throw error
  }
}

const hints: Readonly<Record<string, string>> = {
  BROKEN: 'ask again: the path has been mended',
  FULL: 'ask again in another session, whose path is another one',
  NOT_READY: "ask again when 'chaffinch status' says that it is listed",
  UNKNOWN_DESTINATION: "all members want it in their file, under 'destinations'",
}
