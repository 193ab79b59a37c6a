// The files that `chaffinch init` writes: what is set, and every default as a comment that one can uncomment.

import { dirname, relative } from 'node:path'
import type { AuthorityEntry, Successors } from '../../directory/authority/index.ts'
import { defaultParameters, type Topology } from '../../directory/index.ts'
import { hex } from '../../encoding/bytes.ts'
import { formatDuration } from '../../encoding/duration.ts'
import { usualTimes } from '../../payment/index.ts'
import { type Line, toml, write } from './lines.ts'
import { parameterKeys, parameterText } from './parameters.ts'

export interface NetworkDraft {
  readonly name: string
  readonly genesis: number
  readonly epochMs: number
  readonly threshold: number
  readonly topology?: Topology | undefined
  readonly layers?: number | undefined
  readonly userBytes?: number | undefined
  readonly minimum?: { readonly mixes: number; readonly gateways: number } | undefined
  readonly authorities: readonly AuthorityEntry[]
}

/** network.toml: everybody of a network has the same. */
export function networkText(draft: NetworkDraft): string {
  const lines: Line[] = [
    {
      key: 'name',
      value: draft.name,
      otherwise: '',
      says: ['The network. Everybody who takes part has this file alike: what stands here is pinned.'],
    },
    {
      key: 'epoch',
      value: formatDuration(draft.epochMs),
      otherwise: '',
      says: ['How long one consensus is fresh. Its phases are fractions of it.'],
    },
    {
      key: 'threshold',
      value: draft.threshold,
      otherwise: '',
      says: ['So many authorities must sign a consensus: more than half of them.'],
    },
    {
      key: 'layers',
      value: draft.layers,
      otherwise: '3',
      says: ['Layers of mixes. A path is the entry gateway, one mix of each layer, and the far gateway.'],
    },
    {
      key: 'topology',
      value: draft.topology,
      otherwise: '"stratified"',
      says: ['stratified, cascade or free.'],
    },
    {
      key: 'suite',
      value: undefined,
      otherwise: '"x25519"',
      says: ['Keys and ciphers of the Sphinx packet: x25519 or x25519-2.'],
    },
    {
      key: 'user_bytes',
      value: draft.userBytes,
      otherwise: '2000',
      says: ['User data of one packet, bytes.'],
    },
  ]
  const genesis = `# Start of epoch 0.\ngenesis = ${new Date(draft.genesis).toISOString()}\n`
  const minimum =
    draft.minimum === undefined
      ? `#[minimum]\n#mixes = ${draft.layers ?? 3}\n#gateways = 1\n`
      : `[minimum]\nmixes = ${draft.minimum.mixes}\ngateways = ${draft.minimum.gateways}\n`
  const authorities = draft.authorities.map(authorityBlock)
  return [
    write(lines),
    genesis,
    `# So many nodes must be there before the first consensus, or epoch 0 must be over.\n${minimum}`,
    ...authorities,
  ].join('\n')
}

function authorityBlock({ id, sharingKey, addresses }: AuthorityEntry): string {
  const keys = `id = ${toml(hex(id))}\nsharing_key = ${toml(hex(sharingKey))}\n`
  return `[[authority]]\n${keys}addresses = ${toml(addresses)}\n`
}

/** Writes what `chaffinch authority add`, `replace` and `retire` keep beside authority.toml. */
export function successorsText({ from, threshold, authorities }: Successors): string {
  return [
    '# The authorities that this one wants from an epoch on: written by chaffinch authority add, replace and retire.',
    `from = ${from}`,
    `threshold = ${threshold}\n`,
    ...authorities.map(authorityBlock),
  ].join('\n')
}

export interface RoleDraft {
  /** The network file, as the current folder names it. */
  readonly networkFile: string
  readonly dialFrom?: string | undefined
  readonly log?: string | undefined
}

export interface ServerDraft extends RoleDraft {
  readonly listen: readonly string[]
  readonly announce?: readonly string[] | undefined
  readonly statusPort?: number | undefined
}

export interface NodeDraft extends ServerDraft {
  readonly family?: string | undefined
  readonly threads?: number | undefined
  readonly probe?: boolean | undefined
  readonly country?: string | undefined
  readonly contact?: string | undefined
}

export interface AuthorityDraft extends ServerDraft {
  /** Nodes of one network at most. */
  readonly perNetwork?: number | undefined
  /** Names the strategy by which nodes are to mix. */
  readonly mixing?: string | undefined
}

export interface ClientDraft extends RoleDraft {
  readonly gateways?: readonly string[] | undefined
  readonly apiPort?: number | undefined
  readonly cover?: string | undefined
  readonly payments?: PaymentDraft | undefined
}

/** The votes of an authority, each by its key in authority.toml. */
export type ParameterDraft = Readonly<Record<string, string | number>>

function roleLines(file: string, draft: RoleDraft): Line[] {
  return [
    {
      key: 'network',
      value: relative(dirname(file), draft.networkFile) || draft.networkFile,
      otherwise: '',
      says: ['The file that everybody of the network has alike. Paths are relative to this file.'],
    },
    { key: 'folder', value: undefined, otherwise: '"data"', says: ['Where it keeps what it must remember.'] },
    {
      key: 'log',
      value: draft.log,
      otherwise: '"info"',
      says: ['debug, info, warn or error; lines of JSON on standard error.'],
    },
    {
      key: 'dial_from',
      value: draft.dialFrom,
      otherwise: '"192.0.2.7"',
      says: ['The address of this machine to dial from. Without it the system chooses.'],
    },
  ]
}

export function serverLines(file: string, draft: ServerDraft): Line[] {
  return [
    ...roleLines(file, draft),
    {
      key: 'key',
      value: undefined,
      otherwise: '"identity.key"',
      says: ['The seed of its Ed25519 identity, in a file that only you can read.'],
    },
    { key: 'listen', value: draft.listen, otherwise: '', says: ['Where it listens.'] },
    {
      key: 'announce',
      value: draft.announce,
      otherwise: '[]',
      says: ['What others are told to dial, where that differs from `listen` (behind NAT, or a name).'],
    },
    {
      key: 'status_port',
      value: draft.statusPort,
      otherwise: '0',
      says: ['Port of /status, /metrics and /healthz; 0 takes any free one and says which.'],
    },
    {
      key: 'status_address',
      value: undefined,
      otherwise: '"127.0.0.1"',
      says: [
        'Where that port listens: "0.0.0.0" lets others in who have the token, as a container may want.',
      ],
    },
  ]
}

/** A commented table: whom to ask for documents. */
const sourceText = `
# A node that is asked for documents before the authorities; as many of these as you like. With one of them it
# starts while every authority is down.
#
#     [[source]]
#     id = "64 hexadecimal digits"
#     addresses = ["/ip4/192.0.2.9/tcp/4201"]
`

export function nodeText(file: string, role: 'mix' | 'gateway', draft: NodeDraft): string {
  const own: Line[] = [
    {
      key: 'family',
      value: draft.family,
      otherwise: '""',
      says: ['One name for all nodes that you run: no path takes two of a family.'],
    },
    {
      key: 'threads',
      value: draft.threads,
      otherwise: '2',
      says: [
        'Threads that open packets; 0 for none but the main one. Without it, as the load wants and the cores allow.',
      ],
    },
    {
      key: 'connections',
      value: undefined,
      otherwise: '2000',
      says: ['Connections at most, and so clients. Each takes a file descriptor and some 50 KiB.'],
    },
    {
      key: 'tags',
      value: undefined,
      otherwise: '4000000',
      says: ['Packets of an epoch that it remembers, so that none passes twice: 32 to 90 bytes each.'],
    },
    {
      key: 'country',
      value: draft.country,
      otherwise: '""',
      says: ['Where it stands, as two capital letters (ISO 3166-1).'],
    },
    {
      key: 'contact',
      value: draft.contact,
      otherwise: '""',
      says: ["Where the authorities' people reach you; it is told to them only."],
    },
    {
      key: 'certificate',
      value: undefined,
      otherwise: '""',
      says: [
        'The file that \'chaffinch key certify\' wrote, where your identity key is kept offline; none: "".',
      ],
    },
  ]
  const edge: Line[] = [
    {
      key: 'probe',
      value: draft.probe,
      otherwise: 'true',
      says: ['Measures what clients get, by being one: it costs what a client costs at the cover `default`.'],
    },
    {
      key: 'counts',
      value: undefined,
      otherwise: 'true',
      says: [
        'Publishes, with noise, how many clients or packets it has a day: clients compute from it how well',
        'they are hidden (docs/spec/counts.md).',
      ],
    },
    {
      key: 'tls_certificate',
      value: undefined,
      otherwise: '""',
      says: [
        'The file with the certificate that an address of `listen` shows which ends in /tls/ws, as PEM,',
      ],
    },
    {
      key: 'tls_key',
      value: undefined,
      otherwise: '""',
      says: ['and the one with its key. Both are read again when they change.'],
    },
    {
      key: 'proxies',
      value: undefined,
      otherwise: '[]',
      says: ['Addresses of proxies that begin each connection with a PROXY header (version 1 or 2).'],
    },
    {
      key: 'proxied',
      value: undefined,
      otherwise: '[]',
      says: [
        'Those of `listen` that only these proxies reach: nobody else comes in there. Without any, all.',
      ],
    },
  ]
  const announcers: Line = {
    key: 'announcers',
    value: undefined,
    otherwise: '["chaffinch_b…"]',
    says: [
      'Whose services it announces, two at most: addresses of clients. Without it, those of anyone, first come.',
    ],
  }
  const cores: Line = {
    key: 'cores',
    value: undefined,
    otherwise: '0.8',
    says: [
      'How many cores its process may take: it carries as many clients as that is enough for, and says so.',
    ],
  }
  const atGateways = role === 'gateway' ? [announcers, cores] : []
  const lines = [...serverLines(file, draft), ...own, ...edge, ...atGateways]
  return `# A ${role}: chaffinch ${role} --config ${file}\n\n${write(lines)}${sourceText}`
}

export function authorityText(file: string, draft: AuthorityDraft, parameters: ParameterDraft = {}): string {
  const votes: Line[] = parameterKeys.map(parameter => ({
    key: parameter.key,
    value: parameters[parameter.key],
    otherwise: parameterText(parameter, defaultParameters),
    says: [parameter.says],
  }))
  const admission: Line[] = [
    {
      key: 'policy',
      value: undefined,
      otherwise: '"open"',
      says: ['open: everybody may ask. list: only the identities of `allow`.'],
    },
    {
      key: 'allow',
      value: undefined,
      otherwise: '[]',
      says: ['Identities that operators have told you, or ids of nodes that have no other identity.'],
    },
    {
      key: 'prove_address',
      value: undefined,
      otherwise: 'true',
      says: ['Whether a node has to answer at the addresses that it announces.'],
    },
    {
      key: 'per_network',
      value: draft.perNetwork,
      otherwise: '8',
      says: ['Nodes in one /16 of IPv4 or /32 of IPv6 at most; 0 for any number.'],
    },
  ]
  const successors: Line = {
    key: 'successors',
    value: undefined,
    otherwise: '"successors.toml"',
    says: [
      "What 'chaffinch authority add', 'replace' and 'retire' write: the authorities that it wants later.",
    ],
  }
  const mixing: Line = {
    key: 'mixing',
    value: draft.mixing,
    otherwise: '"poisson"',
    says: [
      'How nodes mix: poisson, or in batches: threshold, timed, threshold-or-timed, pool, round.',
      'Voted for as the numbers below; in rounds clients send one packet in each.',
    ],
  }
  const own = write([...serverLines(file, draft), successors, mixing])
  return [
    `# A directory authority: chaffinch authority --config ${file}\n\n${own}`,
    `# Which nodes it lets in.\n[admission]\n\n${write(admission)}`,
    `# What it votes for. The network takes the low median of all votes.\n[parameters]\n\n${write(votes)}`,
  ].join('\n')
}

export function clientText(file: string, draft: ClientDraft): string {
  const own: Line[] = [
    {
      key: 'gateways',
      value: draft.gateways,
      otherwise: '[]',
      says: ['Ids of the gateways that keep its mailbox, best first. Without them it chooses some.'],
    },
    {
      key: 'homes',
      value: undefined,
      otherwise: '2',
      says: ['So many gateways keep its mailbox where it chooses them: 1 to 3, of different hands.'],
    },
    {
      key: 'patience',
      value: undefined,
      otherwise: '"1d"',
      says: ['For how long a message is tried that has no deadline of its own.'],
    },
    {
      key: 'api_port',
      value: draft.apiPort,
      otherwise: '7700',
      says: ['Port of its HTTP API on 127.0.0.1.'],
    },
    {
      key: 'cover',
      value: draft.cover,
      otherwise: '"default"',
      says: [
        'How much it sends when nobody writes: off, low, default or high. chaffinch cover shows what each costs.',
      ],
    },
    {
      key: 'apps',
      value: undefined,
      otherwise: '[]',
      says: ['Apps that share this client, each with its own inbox and its own token in the folder apps.'],
    },
    {
      key: 'app_identities',
      value: undefined,
      otherwise: '{ chat = "work" }',
      says: ['Apps that are for another of its identities (chaffinch identity create) than the first.'],
    },
    {
      key: 'serve',
      value: undefined,
      otherwise: '[]',
      says: [
        'Services that it runs itself: echo sends back what it gets, ping what is short (chaffinch ping).',
      ],
    },
    {
      key: 'announce',
      value: undefined,
      otherwise: '"ping"',
      says: ['The one of them that its gateway tells everybody of.'],
    },
    {
      key: 'passphrase_file',
      value: undefined,
      otherwise: '"passphrase"',
      says: [
        'What opens its folder where it is locked (chaffinch identity lock): a file with the passphrase,',
      ],
    },
    {
      key: 'key_file',
      value: undefined,
      otherwise: '"client.key"',
      says: ['or one with a key. Without either it asks at the terminal.'],
    },
  ]
  const header = draft.payments === undefined ? '#[payments]' : '[payments]'
  const payments = `# What it pays with, once payments.ledger in its folder names a ledger (docs/spec/payments-paymix.md 5.9).\n${header}\n\n${write(paymentLines(draft.payments ?? {}))}`
  return `# A client: chaffinch client --config ${file}\n\n${write([...roleLines(file, draft), ...own])}${payments}${sourceText}`
}

/** Times as durations, by their key in `[payments]`. */
export type PaymentDraft = Readonly<
  Partial<Record<'epoch' | 'arrive' | 'round' | 'phase' | 'vote' | 'delay' | 'follow' | 'stock', string>>
>

function paymentLines(draft: PaymentDraft): Line[] {
  const time = (key: keyof PaymentDraft, ms: number, ...says: string[]): Line => ({
    key,
    value: draft[key],
    otherwise: JSON.stringify(formatDuration(ms)),
    says,
  })
  return [
    {
      key: 'apps',
      value: undefined,
      otherwise: '[]',
      says: ['Those of the apps that may pay out of its wallet.'],
    },
    time('epoch', usualTimes.epochMs, 'From one meeting to the next: the same for all who use the ledger.'),
    time('arrive', usualTimes.arriveMs, 'The end of it, for requests to arrive.'),
    time('round', usualTimes.roundMs, 'When a round must be over, after its meeting.'),
    time('phase', usualTimes.phaseMs, 'How long a phase of a round waits for the last message,'),
    time('vote', usualTimes.voteMs, 'and then for votes and late messages.'),
    time('delay', usualTimes.delayMs, 'How long a mixed piece waits before it is paid out: the mean.'),
    time('follow', usualTimes.followMs, 'How often it asks for what is new in the ledger, whatever it does.'),
    time('stock', usualTimes.stockMs ?? 0, 'How often it breaks a note for its stock: the mean; "0s" never.'),
  ]
}

/** Writes what one operator hands to the others: the line that `init network --authority` takes. */
export function authorityLine({ id, sharingKey, addresses }: AuthorityEntry): string {
  return `${hex(id)}@${addresses.join(',')}#${hex(sharingKey)}`
}
