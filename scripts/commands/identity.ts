// chaffinch identity

import { command, group, runs } from '../define/command.ts'
import { identity as asIdentity, clientFile, json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

const load = async () => await import('../files/identity.ts')
const opens = 'what opens the client now (default: what client.toml names)'
const fresh = 'what is to open it from now on, or the file'
const passphraseFile = ['--passphrase-file <FILE>', opens] as const
const keyFile = ['--key-file <FILE>', opens] as const
const newPassphraseFile = ['--new-passphrase-file <FILE>', fresh] as const
const newKeyFile = ['--new-key-file <FILE>', fresh] as const

export function identity(): AnyCommand {
  return group(
    'identity',
    {
      summary: 'the identities of a client, and its keys: lock, copy, take elsewhere',
      says: `The identities of a running client, which nobody on the wire can link to each other but by their network
        address. And the keys and messages of a client that does not run. Where a passphrase is needed and no file holds
        it, it asks.`,
      examples: [
        'chaffinch identity create work --config me/client.toml',
        `chaffinch send --as work --to "$ADDRESS" 'hello'`,
        'chaffinch identity lock --config me/client.toml',
        'chaffinch identity export me.json --config me/client.toml',
      ],
    },
    [list(), create(), remove(), lock(), exportFile(), importFile(), key()],
  )
}

function list(): AnyCommand {
  return command('list', { summary: "all of them; the first one is 'main'" })
    .addOption(clientFile())
    .addOption(json())
    .action(runs(async () => (await load()).list))
}

function create(): AnyCommand {
  return command('create', { summary: 'make one: other commands are it with --as NAME' })
    .argument('<NAME>')
    .addOption(clientFile())
    .addOption(json())
    .action(runs(async () => (await load()).create))
}

function remove(): AnyCommand {
  return command('remove', { summary: 'forget one, with its keys and messages' })
    .argument('<NAME>')
    .addOption(clientFile())
    .addOption(json())
    .action(runs(async () => (await load()).remove))
}

function lock(): AnyCommand {
  return command('lock', {
    summary: 'seal all that a client keeps, under a passphrase or key; of a locked client: change it',
    examples: ['chaffinch identity lock --config me/client.toml'],
  })
    .addOption(clientFile())
    .option(...passphraseFile)
    .option(...keyFile)
    .option(...newPassphraseFile)
    .option(...newKeyFile)
    .action(runs(async () => (await load()).lock))
}

function exportFile(): AnyCommand {
  return command('export', {
    summary: "write its keys and gateways to a file, under a passphrase or key of the file's own",
    examples: ['chaffinch identity export me.json --config me/client.toml'],
  })
    .argument('<FILE>')
    .addOption(clientFile())
    .addOption(asIdentity('one of its other identities'))
    .option(...passphraseFile)
    .option(...keyFile)
    .option(...newPassphraseFile)
    .option(...newKeyFile)
    .action(runs(async () => (await load()).writeOut))
}

function importFile(): AnyCommand {
  return command('import', {
    summary: 'make a new client, or with --as NAME a new identity of it, the one of the file',
    examples: ['chaffinch identity import me.json --config new/client.toml'],
  })
    .argument('<FILE>')
    .addOption(clientFile())
    .addOption(asIdentity('what the new identity is called'))
    .option(...passphraseFile)
    .option(...keyFile)
    .option(...newPassphraseFile)
    .option(...newKeyFile)
    .action(runs(async () => (await load()).readIn))
}

function key(): AnyCommand {
  return command('key', { summary: 'make a key that can take the place of a passphrase' })
    .argument('<FILE>')
    .addOption(clientFile())
    .action(runs(async () => (await load()).makeKey))
}
