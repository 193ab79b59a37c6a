// chaffinch doctor and chaffinch status: how a role of this machine is.

import { command, runs } from '../define/command.ts'
import { json, role } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

const config = '--config <FILE>'

export function doctor(): AnyCommand {
  return command('doctor', {
    summary: 'say what is wrong with a role on this machine, and what to do',
    says: `Looks at a role of this machine: its file, keys and certificate, folder and disk, ports, the clock against the
      authorities', the consensus, and what the running role says of itself. Says what is wrong and what to do. Exits 0
      when nothing is, 1 when something is, 2 when its file has a mistake. A warning alone is no reason for 1.`,
    examples: ['chaffinch doctor --config mix1/mix.toml'],
  })
    .option(
      config,
      "the role's file (default: authority.toml, mix.toml, gateway.toml or client.toml, here or in ~/.config/chaffinch)",
    )
    .addOption(role('whose file it is, where its name does not say so'))
    .addOption(
      json(
        'print one line of JSON: {"healthy", "role", "file", "findings": [{"check", "state", "says", "fix"}]}',
      ),
    )
    .action(runs(async () => (await import('../ask/doctor.ts')).run))
}

export function status(): AnyCommand {
  return command('status', {
    summary: 'say how a running role of this machine is',
    says: `Says how a running authority, mix, gateway or client of this machine is: consensus, standing, packets, who keeps
      it out. Of a ledger: 'chaffinch ledger status'.`,
    examples: ['chaffinch status --config mix1/mix.toml'],
  })
    .option(
      config,
      'its file (default: authority.toml, mix.toml, gateway.toml or client.toml, here or in ~/.config/chaffinch)',
    )
    .addOption(role('whose file it is, where its name does not tell'))
    .addOption(json('print all of its /status as JSON'))
    .action(runs(async () => (await import('../ask/status.ts')).run))
}
