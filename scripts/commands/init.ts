// chaffinch init

import { command, group, many, oneOf, runs } from '../define/command.ts'
import { cover, networkFile } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

export function init(): AnyCommand {
  return group(
    'init',
    {
      summary: 'write the files of a network, an authority, a mix, a gateway, a member or a client',
      says: `Writes commented TOML, and the key of what has one beside it. Overwrites nothing. In a terminal 'chaffinch
        init' and 'chaffinch init WHAT' ask for the rest.`,
      examples: [
        'chaffinch init authority alpha --listen /ip4/127.0.0.1/tcp/4101 --status-port 7101',
        'chaffinch init network network.toml --epoch 20s --authority "$ALPHA" --authority "$BETA"',
        'chaffinch init mix mix1 --network network.toml --listen /ip4/127.0.0.1/tcp/4201 --family mine',
      ],
    },
    [authority(), node('mix'), node('gateway'), member(), client(), network()],
  )
}

const listen = 'a multiaddr; may be given more than once'
const announce = 'what others dial, where that differs'
const statusPort = 'port of its status on 127.0.0.1 (default: any free one)'
const dialFrom = 'the address of this machine to dial from'

function authority(): AnyCommand {
  return command('authority', {
    summary: "an authority's; prints ID@ADDRESS#SHARINGKEY, for 'init network --authority'",
    says: `Writes DIR/authority.toml and its key. Prints ID@ADDRESS#SHARINGKEY, for 'init network --authority'.`,
    usage: ['DIR --listen ADDRESS [OPTIONS]'],
    examples: ['chaffinch init authority alpha --listen /ip4/127.0.0.1/tcp/4101 --status-port 7101'],
  })
    .argument('<DIR>')
    .addOption(networkFile())
    .addOption(many('--listen <ADDRESS>', listen))
    .addOption(many('--announce <ADDRESS>', announce))
    .option('--status-port <N>', statusPort)
    .option('--dial-from <IP>', dialFrom)
    .action(runs(async () => (await import('../files/init.ts')).initAuthorityFiles))
}

function node(role: 'mix' | 'gateway'): AnyCommand {
  return command(role, {
    summary: `a ${role}'s; prints its id`,
    says: `Writes DIR/${role}.toml and its key. Prints its id.`,
    usage: ['DIR --listen ADDRESS [OPTIONS]'],
    examples: [`chaffinch init ${role} ${role}1 --listen /ip4/127.0.0.1/tcp/4201 --family mine`],
  })
    .argument('<DIR>')
    .addOption(networkFile())
    .addOption(many('--listen <ADDRESS>', listen))
    .addOption(many('--announce <ADDRESS>', announce))
    .option('--status-port <N>', statusPort)
    .option('--family <NAME>', 'one name for all nodes that you run')
    .option('--contact <TEXT>', "where the authorities' people reach you")
    .option('--dial-from <IP>', dialFrom)
    .action(runs(async () => (await import('../files/init.ts')).initNodeFiles(role)))
}

function member(): AnyCommand {
  return command('member', {
    summary: "a crowd's member's; prints its id",
    says: `Writes DIR/member.toml and its key. Prints its id. What it asks for others stands under destinations.`,
    usage: ['DIR --listen ADDRESS [OPTIONS]'],
    examples: ['chaffinch init member member1 --listen /ip4/127.0.0.1/tcp/4401'],
  })
    .argument('<DIR>')
    .addOption(networkFile())
    .addOption(many('--listen <ADDRESS>', listen))
    .addOption(many('--announce <ADDRESS>', announce))
    .option('--status-port <N>', statusPort)
    .option('--family <NAME>', 'one name for all members that you run')
    .option('--dial-from <IP>', dialFrom)
    .action(runs(async () => (await import('../files/init.ts')).initMemberFiles))
}

function client(): AnyCommand {
  return command('client', {
    summary: "a client's",
    says: 'Writes DIR/client.toml. A client makes its keys at its first start.',
    examples: ['chaffinch init client me --network network.toml'],
  })
    .argument('<DIR>')
    .addOption(networkFile())
    .addOption(many('--gateway <ID>', 'whose mailbox it uses; may be given more than once, best first'))
    .option('--api-port <N>', 'port of its HTTP API on 127.0.0.1 (default: 7700)')
    .option('--dial-from <IP>', dialFrom)
    .addOption(cover("off, low, default or high: 'chaffinch cover' shows what each costs"))
    .action(runs(async () => (await import('../files/init.ts')).initClientFiles))
}

function network(): AnyCommand {
  return command('network', {
    summary: "a network's, which everybody who takes part gets",
    usage: ['FILE --name NAME --authority ID@ADDRESS#SHARINGKEY ... [OPTIONS]'],
    says: 'Writes the network file, which everybody who takes part gets.',
    examples: ['chaffinch init network network.toml --epoch 20s --authority "$ALPHA" --authority "$BETA"'],
  })
    .argument('<FILE>')
    .option('--name <NAME>', 'its name (default: chaffinch)')
    .addOption(many('--authority <LINE>', "what 'init authority' printed; once for each"))
    .option('--threshold <N>', 'how many of them must sign (default: more than half)')
    .option('--epoch <TIME>', 'length of an epoch (default: 20min)')
    .option('--genesis <TIME>', 'start of epoch 0 (default: now)')
    .option('--layers <N>', 'layers of mixes (default: 3)')
    .addOption(
      oneOf(
        '--topology <NAME>',
        ['stratified', 'cascade', 'free'],
        'stratified, cascade or free (default: stratified)',
      ),
    )
    .option('--min-mixes <N>', 'mixes that the first consensus waits for (default: one a layer)')
    .option('--min-gateways <N>', 'gateways that the first consensus waits for (default: one)')
    .action(runs(async () => (await import('../files/init.ts')).initNetworkFile))
}
