// The program `chaffinch`: all of its commands, in groups by what one does with them.

import { version } from '../world/version.ts'
import { address } from './commands/address.ts'
import { advise, anonymity } from './commands/advise.ts'
import { authority } from './commands/authority.ts'
import { bulletin } from './commands/bulletin.ts'
import { cascade } from './commands/cascade.ts'
import { client } from './commands/client.ts'
import { completion } from './commands/completion.ts'
import { consensus } from './commands/consensus.ts'
import { contacts } from './commands/contacts.ts'
import { cover } from './commands/cover.ts'
import { crowds } from './commands/crowds.ts'
import { demo } from './commands/demo.ts'
import { doctor, status } from './commands/doctor.ts'
import { election } from './commands/election.ts'
import { identity } from './commands/identity.ts'
import { inbox } from './commands/inbox.ts'
import { init } from './commands/init.ts'
import { inspect } from './commands/inspect.ts'
import { key } from './commands/key.ts'
import { ledger } from './commands/ledger.ts'
import { net } from './commands/net.ts'
import { gateway, mix } from './commands/nodes.ts'
import { open } from './commands/open.ts'
import { pay } from './commands/pay.ts'
import { clean, flush, queue } from './commands/queue.ts'
import { reply, send } from './commands/send.ts'
import { ping, request, services } from './commands/services.ts'
import { simulate } from './commands/simulate.ts'
import { surb } from './commands/surb.ts'
import { command } from './define/command.ts'
import type { AnyCommand } from './define/told.ts'
import { survey } from './survey/command.ts'

/** Commands by what one does with them, in the order of the overview. */
const groups: readonly (readonly [heading: string, commands: readonly (() => AnyCommand)[]])[] = [
  ['a network on this machine:', [net, demo]],
  ['run a role:', [init, authority, mix, gateway, client, crowds, key]],
  ['look after it:', [open, status, doctor, consensus, cover]],
  ['write and read:', [send, inbox, reply, address, contacts, identity, bulletin]],
  ['what is under way:', [queue, flush, clean, inspect, ping]],
  ['services:', [services, request, surb]],
  ['payments:', [pay, ledger]],
  ['elections and surveys:', [cascade, election, survey]],
  ['how much it hides:', [anonymity, advise, simulate]],
  ['the command line itself:', [completion]],
]

/** Makes the program, which can run one command line. */
export function program(): AnyCommand {
  const made = command('chaffinch', {
    summary: 'a peer-to-peer mixnet',
    says: 'A peer-to-peer mixnet: nobody who watches the network learns who talks to whom, nor whether anyone talks.',
    notes: [
      'chaffinch COMMAND --help    options and examples of a command, or of an action of it',
      'CHAFFINCH_CONFIG=FILE       what every command takes as its --config, unless it names one',
      'XDG_CONFIG_HOME=DIR         where the folder chaffinch of configurations lies (default: ~/.config)',
    ],
    examples: [
      'chaffinch net',
      'chaffinch init client me --network network.toml',
      'chaffinch client --config me/client.toml',
      "chaffinch send --config me/client.toml --to ADDRESS 'hello'",
    ],
  })
    .version(`chaffinch ${version()}`, '-v, --version', 'print the version')
    .helpCommand('help [COMMAND]', 'print the page of a command')
  for (const [heading, commands] of groups)
    for (const make of commands) made.addCommand(make().helpGroup(heading))
  return made
}
