// The command line: finds the sub-command, loads it, and tells a failure in one line.

import { adviceFor, ClientError } from '../client/index.ts'
import { RemoteError } from '../client/remote/index.ts'
import { CommandError } from '../encoding/command-line.ts'
import { nearest } from '../encoding/nearest.ts'
import { awayHint, isAway } from '../roles/files/endpoint.ts'
import { version } from '../world/version.ts'
import { overview, usages } from './usage.ts'

/** A sub-command's module: its exit code, or 0 when it gives none. */
export interface Command {
  run(args: readonly string[]): Promise<number | undefined>
}

/** A command's libraries are loaded when it is called. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  net: () => import('./network/net.ts'),
  init: () => import('./files/init.ts'),
  authority: () => import('./roles/authority-command.ts'),
  mix: () => import('./roles/mix.ts'),
  gateway: () => import('./roles/gateway.ts'),
  client: () => import('./roles/client-command.ts'),
  send: () => import('./ask/send.ts'),
  inbox: () => import('./ask/inbox.ts'),
  reply: () => import('./ask/reply.ts'),
  bulletin: () => import('./ask/bulletin.ts'),
  address: () => import('./ask/address.ts'),
  queue: () => import('./ask/queue.ts'),
  inspect: () => import('./ask/inspect.ts'),
  flush: () => import('./ask/flush.ts'),
  clean: () => import('./ask/clean.ts'),
  surb: () => import('./ask/surb.ts'),
  services: () => import('./ask/services.ts'),
  request: () => import('./ask/request.ts'),
  ping: () => import('./ask/ping.ts'),
  contacts: () => import('./files/contacts.ts'),
  cover: () => import('./ask/cover.ts'),
  key: () => import('./files/key.ts'),
  identity: () => import('./files/identity.ts'),
  doctor: () => import('./ask/doctor.ts'),
  status: () => import('./ask/status.ts'),
  consensus: () => import('./ask/consensus.ts'),
  ledger: () => import('./roles/ledger.ts'),
  pay: () => import('./ask/pay.ts'),
  demo: () => import('./ask/demo.ts'),
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
  if (name === '--version' || name === '-V' || name === '-v') return print(`chaffinch ${version()}\n`)
  if (name === '--help' || name === '-h' || name === 'help') return print(usages[args[0] ?? ''] ?? overview)
  if (name === undefined) throw new CommandError('USAGE', 'want a command', 'chaffinch --help')
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (load === undefined) {
    const near = nearest(name, Object.keys(commands))
    const hint = near === undefined ? 'chaffinch --help' : `did you mean 'chaffinch ${near}'?`
    throw new CommandError('USAGE', `no command '${name}'`, hint)
  }
  if (args.includes('--help') || args.includes('-h')) return print(usages[name] as string)
  const command = await load()
  return (await command.run(args)) ?? 0
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

/** Finds what to do about an error of the client, in this process or in the one that was asked. */
export function hintOf(error: unknown): string | undefined {
  if (error instanceof RemoteError) return isAway(error) ? awayHint : error.remedy
  return error instanceof ClientError ? adviceFor(error.code) : undefined
}

function tell(error: unknown): number {
  if (!(error instanceof CommandError)) {
    const what = error instanceof RemoteError ? error.detail : error instanceof Error ? error.message : error
    console.error(`chaffinch: ${String(what)}`)
    const hint = hintOf(error)
    if (hint !== undefined) console.error(`hint: ${hint}`)
    if (process.env['CHAFFINCH_DEBUG'] !== undefined && error instanceof Error) console.error(error.stack)
    return 1
  }
  console.error(`chaffinch: ${error.message}`)
  if (error.hint !== undefined) console.error(`hint: ${error.hint}`)
  return error.exitCode
}
