// Options that several commands have, so that each is named and told in one place.

import { Option } from '@commander-js/extra-typings'
import { oneOf } from './command.ts'

/** Where a command finds the running client that it asks. */
export function clientFile(): Option<'--config <FILE>'> {
  return new Option(
    '--config <FILE>',
    "the client's file (default: client.toml, here or in ~/.config/chaffinch)",
  )
}

/** Which identity of that client. */
export function identity(what = 'the identity to use (default: the first)'): Option<'--as <NAME>'> {
  return new Option('--as <NAME>', what)
}

export function json(what = 'print JSON'): Option<'--json'> {
  return new Option('--json', what)
}

export function networkFile(what = 'the network file (default: network.toml)'): Option<'--network <FILE>'> {
  return new Option('--network <FILE>', what)
}

export function cover(what: string): Option<'--cover <LEVEL>'> {
  return oneOf('--cover <LEVEL>', ['off', 'low', 'default', 'high'], what)
}

/** Names the role that a file is of. */
export function role(what: string): Option<'--role <ROLE>'> {
  return oneOf('--role <ROLE>', ['authority', 'mix', 'gateway', 'member', 'client'], what)
}
