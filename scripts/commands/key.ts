// chaffinch key

import { command, group, oneOf, runs } from '../define/command.ts'
import { networkFile } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

const load = async () => await import('../files/key.ts')
const certifying =
  'chaffinch key certify --key operator.key --node "$ID" --role mix --out mix1/node.certificate'

export function key(): AnyCommand {
  return group(
    'key',
    {
      summary: "make an operator's identity key, and certify nodes with it",
      says: `An operator's identity key says which nodes are the operator's, and stays offline. It certifies the key that
        a node runs with for a limited time; what certify writes goes to the node as the file 'certificate' of its
        configuration.`,
      examples: ['chaffinch key new operator.key', certifying],
    },
    [fresh(), show(), certify()],
  )
}

function fresh(): AnyCommand {
  return command('new', {
    summary: "write a new identity key and print its public key: what an authority's list wants",
    examples: ['chaffinch key new operator.key'],
  })
    .argument('<FILE>')
    .action(runs(async () => (await load()).newKey))
}

function show(): AnyCommand {
  return command('show', { summary: 'print the public key of a key file' })
    .argument('<FILE>')
    .action(runs(async () => (await load()).show))
}

function certify(): AnyCommand {
  return command('certify', {
    summary: "let a node's key ask to join with this role, family and contact",
    usage: ['--key FILE --node ID --role ROLE [OPTIONS]'],
    examples: [certifying],
  })
    .option('--key <FILE>', 'the identity key')
    .option('--node <ID>', "what 'chaffinch init mix' or 'init gateway' printed")
    .addOption(oneOf('--role <ROLE>', ['mix', 'gateway'], 'mix or gateway'))
    .option('--family <NAME>', "as in the node's file")
    .option('--contact <TEXT>', "as in the node's file")
    .addOption(networkFile())
    .option('--for <TIME>', 'how long it holds (default: 90d)')
    .option('--until <EPOCH>', 'or its last epoch')
    .option(
      '--out <FILE>',
      'where to write it; a certificate of the same node is renewed (default: standard output)',
    )
    .action(runs(async () => (await load()).certify))
}
