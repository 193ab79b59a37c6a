// The command line: finds the sub-command, loads it, and tells a failure in one line.

import { adviceFor } from '../client/advice.ts'
import { ClientError } from '../client/error.ts'
import { type Command, CommandError } from './command.ts'
import { HttpRefusal } from './http.ts'
import { overview, usages } from './usage.ts'
import { version } from './version.ts'

/** A command's libraries are loaded when it is called. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  net: () => import('./net.ts'),
  init: () => import('./init.ts'),
  authority: () => import('./authority.ts'),
  mix: () => import('./mix.ts'),
  gateway: () => import('./gateway.ts'),
  client: () => import('./client.ts'),
  send: () => import('./send.ts'),
  inbox: () => import('./inbox.ts'),
  reply: () => import('./reply.ts'),
  bulletin: () => import('./bulletin.ts'),
  address: () => import('./address.ts'),
  queue: () => import('./queue.ts'),
  inspect: () => import('./inspect.ts'),
  flush: () => import('./flush.ts'),
  clean: () => import('./clean.ts'),
  surb: () => import('./surb.ts'),
  services: () => import('./services.ts'),
  request: () => import('./request.ts'),
  ping: () => import('./ping.ts'),
  contacts: () => import('./contacts.ts'),
  cover: () => import('./cover.ts'),
  key: () => import('./key.ts'),
  identity: () => import('./identity.ts'),
  doctor: () => import('./doctor.ts'),
  consensus: () => import('./consensus.ts'),
  ledger: () => import('./ledger.ts'),
  pay: () => import('./pay.ts'),
  demo: () => import('./demo.ts'),
}

/**
 * Runs a command line.
 *
 * @returns its exit code; why it failed stands on standard error
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    return await main(args)
  } catch (error) {
    return tell(error)
  }
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === '--version' || name === '-V') return print(`chaffinch ${version()}\n`)
  if (name === '--help' || name === '-h' || name === 'help') return print(usages[args[0] ?? ''] ?? overview)
  if (name === undefined) throw new CommandError('USAGE', 'want a command', 'chaffinch --help')
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (load === undefined) throw new CommandError('USAGE', `no command '${name}'`, 'chaffinch --help')
  if (args.includes('--help') || args.includes('-h')) return print(usages[name] as string)
  const command = await load()
  return (await command.run(args)) ?? 0
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

/** What to do about an error of the client, in this process or in the one that was asked. */
export function hintOf(error: unknown): string | undefined {
  return error instanceof ClientError || error instanceof HttpRefusal ? adviceFor(error.code) : undefined
}

function tell(error: unknown): number {
  if (!(error instanceof CommandError)) {
    console.error(`chaffinch: ${error instanceof Error ? error.message : String(error)}`)
    const hint = hintOf(error)
    if (hint !== undefined) console.error(`hint: ${hint}`)
    if (process.env['CHAFFINCH_DEBUG'] !== undefined && error instanceof Error) console.error(error.stack)
    return 1
  }
  console.error(`chaffinch: ${error.message}`)
  if (error.hint !== undefined) console.error(`hint: ${error.hint}`)
  return error.exitCode
}
