// chaffinch pay on Bitcoin: the actions that only this ledger has, and the options that it adds to the others.

import { Option } from '@commander-js/extra-typings'
import { command, many, oneOf } from '../define/command.ts'
import { clientFile, json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

/** Makes what an action of `pay` does, of its name. */
type Act = (action: string) => (...given: [...(string | undefined)[], object, AnyCommand]) => Promise<void>

const heading = 'on Bitcoin:'
const chains = ['main', 'test', 'testnet4', 'signet', 'regtest']

/** Adds where the node is, which is asked. */
export function withNode(to: AnyCommand): AnyCommand {
  return to
    .addOption(
      oneOf(
        '--ledger <NAME>',
        ['embedded', 'bitcoin'],
        'embedded or bitcoin (default: as client.toml says)',
      ).helpGroup(heading),
    )
    .addOption(
      new Option('--node <URL>', 'where the node is; in client.toml under [payments] too').helpGroup(heading),
    )
    .addOption(new Option('--cookie <FILE>', 'the file with its password').helpGroup(heading))
    .addOption(
      oneOf('--chain <NAME>', chains, `the chain that it is to be on: ${chains.join(', ')}`).helpGroup(
        heading,
      ),
    )
}

/** Adds which coins are spent. */
export function withCoins(to: AnyCommand): AnyCommand {
  return to.addOption(
    many('--coin <COIN>', 'spend this one, as txid:vout; may be given more than once').helpGroup(heading),
  )
}

/** Adds what a transaction may cost, and who signs it. */
export function withFee(to: AnyCommand): AnyCommand {
  return to
    .addOption(new Option('--fee-rate <N>', 'satoshi for each virtual byte').helpGroup(heading))
    .addOption(
      new Option('--blocks <N>', 'or what has it in a block within so many (default: 6)').helpGroup(heading),
    )
    .addOption(new Option('--most-fee <SATOSHI>', 'refuse a higher fee (default: 50000)').helpGroup(heading))
    .addOption(new Option('--psbt <FILE>', 'write it unsigned, for a signer elsewhere').helpGroup(heading))
}

export function bitcoinActions(act: Act): AnyCommand[] {
  const yes = ['--yes', 'sign it, and send it'] as const
  const action = (name: string, summary: string): ReturnType<typeof command> =>
    command(name, { summary }).addOption(clientFile()).addOption(json()) as never
  return [
    withNode(
      withFee(
        withCoins(
          action('fund', 'bring coins onto the ladder: notes of an amount that can be mixed')
            .argument('<DENOMINATION>')
            .option('--count <N>', 'so many notes (default: 1)')
            .option(...yes)
            .action(act('fund')),
        ),
      ),
    ),
    withNode(
      withFee(
        action('bump', 'pay more for a transaction that waits: send it again')
          .argument('<TXID>')
          .option(...yes)
          .action(act('bump')),
      ),
    ),
    withNode(
      withFee(
        action('lift', 'pay more for what waits, with a child that spends its coin, txid:vout')
          .argument('<COIN>')
          .option(...yes)
          .action(act('lift')),
      ),
    ),
    withNode(action('freeze', 'do not spend a coin, txid:vout').argument('<COIN>').action(act('freeze'))),
    withNode(action('thaw', 'spend it again').argument('<COIN>').action(act('thaw'))),
    withNode(
      action('label', 'give a coin, txid:vout, a name; without TEXT take it away')
        .argument('<COIN>')
        .argument('[TEXT]')
        .action(act('label')),
    ),
    withNode(
      action('labels', 'print all names, or take those of a file in (BIP 329)')
        .argument('[FILE]')
        .action(act('labels')),
    ),
    withNode(action('descriptors', 'print what a watcher elsewhere needs').action(act('descriptors'))),
    withNode(
      action('submit', 'send a PSBT that was signed elsewhere').argument('<FILE>').action(act('submit')),
    ),
  ].map(one => one.helpGroup("on Bitcoin, by a node of one's own:"))
}
