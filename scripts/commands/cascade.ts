// chaffinch cascade

import type { MemberOptions } from '../../roles/mixnet/member.ts'
import { command, group, many, runs } from '../define/command.ts'
import { json } from '../define/options.ts'
import type { AnyCommand } from '../define/told.ts'

const plan = ['--plan <FILE>', "what 'cascade init mixnet' wrote (default: mixnet.json)"] as const

export function cascade(): AnyCommand {
  const examples = [
    'chaffinch cascade init mixer alice --name alice',
    'chaffinch cascade init mixnet board --name survey --mixer "$ALICE" --trustee "$BOB"',
    'chaffinch cascade controller board',
    'chaffinch cascade mixer alice --plan board/mixnet.json',
    'chaffinch cascade verify --plan board/mixnet.json',
  ]
  const told = {
    summary: 'a mix-net of few mixers that anybody can check: for elections and surveys',
    says: `A mix-net of few mixers in a fixed order that takes whole batches, with a proof for each step
      (docs/spec/cascade.md). Nobody has to be trusted with the result: everything stands in one log, which 'verify'
      checks.`,
    examples,
  }
  return group('cascade', told, [
    init(),
    controller(),
    member('mixer'),
    member('trustee'),
    client(),
    open(),
    verify(),
  ])
}

function init(): AnyCommand {
  return command('init', {
    summary: "write a member's or client's key, or a mix-net's plan; asks in a terminal for what is not said",
    says: `Writes what the other programs read. 'mixer', 'trustee' and 'client' write a key into DIR, and print the
      line by which others know it. 'mixnet' takes these lines, and writes a Controller's folder with the plan, which
      everybody gets. In a terminal it asks for what was not said.`,
    usage: [
      'mixer|trustee|client DIR [--name NAME]',
      'mixnet DIR --mixer LINE ... --trustee LINE ... [OPTIONS]',
    ],
    examples: [
      'chaffinch cascade init trustee bob --name bob',
      'chaffinch cascade init mixnet board --name poll --mixer "$ALICE" --trustee "$BOB" --close-count 99',
    ],
  })
    .argument('[WHAT]')
    .argument('[DIR]')
    .option('--name <NAME>', 'its name (default: that of DIR; of a mix-net: mixnet)')
    .option('--url <URL>', 'where the Controller answers (default: http://127.0.0.1:8580)')
    .addOption(
      many('--mixer <LINE>', "what 'init mixer' printed, in the order in which they mix; once for each"),
    )
    .addOption(many('--trustee <LINE>', "what 'init trustee' printed; once for each"))
    .option('--threshold <N>', 'trustees that decrypt together (default: more than half)')
    .option('--width <N>', 'points of a message, 30 bytes each less 2 (default: 1)')
    .option('--size-min <N>', 'messages without which a cycle is given up (default: 2)')
    .option('--size-max <N>', 'messages that a cycle takes (default: 100000)')
    .option('--quorum <N>', 'members who close a cycle or leave a mixer out (default: more than half)')
    .option('--cycles <N>', 'cycles, one after the other; 0 for no end (default: 1)')
    .option('--close-count <N>', 'messages with which a cycle is closed (default: no such number)')
    .option('--close-after <TIME>', 'how long a cycle is open (default: no such time)')
    .option(
      '--close-at <TIME>',
      'when it is closed, for instance 2026-01-31T12:00:00Z (default: no such time)',
    )
    .option('--patience <TIME>', 'how long a mixer has for its cycle (default: 10min)')
    .option('--packets <BYTES>', 'take packets that carry so much: messages of any size to any recipient')
    .option('--each <N>', 'packets of a sender in a cycle; what it does not need are traps (default: 2)')
    .option('--mixers-least <N>', 'mixers without which no packets are taken (default: 2)')
    .option('--settle <TIME>', 'how long senders have to find that one was lost (default: 1min)')
    .action(runs(async () => (await import('../files/cascade-init.ts')).run))
}

function controller(): AnyCommand {
  return command('controller', {
    summary: "run a mix-net's Controller until SIGTERM or Ctrl-C",
    says: `Runs a mix-net's Controller until SIGTERM or Ctrl-C. It hosts what is public, processes nothing and is not
      trusted. It answers on 127.0.0.1 unless --address names another address of this machine.`,
    examples: ['chaffinch cascade controller board'],
  })
    .argument('<DIR>')
    .option('--port <N>', 'where it listens; 0 for a free one (default: that of the plan)')
    .option('--address <IP>', 'an address of this machine (default: 127.0.0.1)')
    .option('--storage <PLACE>', 'an SQLite file, or postgres://… (default: journal.sqlite in DIR)')
    .action(runs(async () => (await import('../../roles/mixnet/controller.ts')).runController))
}

function member(what: 'mixer' | 'trustee'): AnyCommand {
  const work =
    what === 'mixer'
      ? 'mixes its cycle and proves it'
      : 'makes the key with the others, and decrypts what was mixed'
  return command(what, {
    summary: `run a ${what} until SIGTERM or Ctrl-C`,
    says: `Runs a ${what} until SIGTERM or Ctrl-C: it checks every step of everybody, ${work}, and agrees
      with the others on closing a cycle and on leaving out a mixer that lies or is away. Its key never leaves DIR.`,
    examples: [`chaffinch cascade ${what} ${what === 'mixer' ? 'alice' : 'bob'} --plan mixnet.json`],
  })
    .argument('<DIR>')
    .option(...plan)
    .addOption(many('--election <FOLDER>', 'an election to hold with the others; once for each'))
    .addOption(many('--survey <FOLDER>', 'a survey to hold with the other mixers; once for each'))
    .option('--port <N>', "where its operator's page is on 127.0.0.1; 0 for a free one (default: no page)")
    .action(
      runs(async () => {
        const { runMember } = await import('../../roles/mixnet/member.ts')
        return (folder: string, options: MemberOptions) => runMember(what, folder, options)
      }),
    )
}

function open(): AnyCommand {
  return command('open', {
    summary: "open the page of a mixer or trustee that runs with --port, or print that page's address",
    says: `Opens the page on which the operator of a mixer or trustee sees what is asked of it, takes part in an election and says
      when it is to be closed. The address works once, within a minute.`,
    examples: ['chaffinch cascade open bob', 'chaffinch cascade open bob --print'],
  })
    .argument('<DIR>')
    .option('--print', 'print the address, and start nothing')
    .action(runs(async () => (await import('../ask/open.ts')).runMember))
}

function client(): AnyCommand {
  return command('client', {
    summary:
      'run a Messaging Client until SIGTERM or Ctrl-C: a gateway over HTTP for programs of this machine',
    says: `Runs a Messaging Client until SIGTERM or Ctrl-C. POST /send {"message"} hands a message in, with the token in
      DIR/token; GET /messages/ID says how far it has come: queued, accepted, included, mixed, delivered. Where the
      mix-net takes packets, {"recipient", "message"} is for anybody who takes messages, of any size; what comes for
      this client is in GET /received, unless --into or --webhook says where it goes.`,
    examples: ['chaffinch cascade client carol --plan mixnet.json --port 8590'],
  })
    .argument('<DIR>')
    .option(...plan)
    .option('--port <N>', 'where it listens on 127.0.0.1; 0 for a free one (default: 8590)')
    .option('--into <DIR>', 'write what comes into a folder, a file a message')
    .option('--webhook <URL>', 'post what comes to an app, again until it answers 2xx')
    .option('--cover', 'send in every cycle, traps where there is nothing else')
    .option('--show-lost', 'show who lost packets of messages too, which tells whom they were for')
    .action(runs(async () => (await import('../../roles/mixnet/client.ts')).runCascadeClient))
}

function verify(): AnyCommand {
  return command('verify', {
    summary: 'check a whole mix-net, and print what came out',
    says: `Follows the whole log, from the Controller or from a copy in a folder, and checks every signature,
      consensus, proof and share; exits 1 unless all that counts holds.`,
    examples: [
      'chaffinch cascade verify --plan mixnet.json --save copy',
      'chaffinch cascade verify --plan mixnet.json --folder copy --json',
    ],
  })
    .option(...plan)
    .option('--folder <DIR>', 'a copy that --save made (default: ask the Controller)')
    .option('--save <DIR>', 'write a copy of all that is read')
    .addOption(many('--checkpoint <FILE>', 'a checkpoint that somebody else was shown, to be compared'))
    .addOption(json('print {"accepts", "why", "entries", "checkpoint", "findings", "results"}'))
    .action(runs(async () => (await import('../../roles/mixnet/verify.ts')).runVerify))
}
