// The files that people write for each role.

import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import * as v from 'valibot'
import { acknowledges, coverLevels, isAppName, ownServiceNames, readAddress } from '../../client/index.ts'
import type { RemoteClient } from '../../client/remote/index.ts'
import {
  authorityEntrySchema as authorityEntry,
  type Network,
  type Successors,
  successorsOf,
} from '../../directory/authority/index.ts'
import { hex } from '../../encoding/bytes.ts'
import { checkToml, field } from '../../encoding/toml.ts'
import { addresses, duration, hex32, listenAddresses, name, text, whole } from '../../encoding/toml-fields.ts'
import type { ProxyInit } from '../../link/index.ts'
import { defaultNodeLimits } from '../../node/limits.ts'
import { strategyNames } from '../../node/mixing/voted.ts'
import { type PaymentTimes, usualTimes } from '../../payment/index.ts'
import { destinationName } from '../../services/crowds/index.ts'
import { type Endpoint, remoteAt } from './endpoint.ts'
import { parametersSchema } from './parameters.ts'
import { keyError, readNetwork, readToml } from './read.ts'
import type { AuthorityFile, ClientFile, MemberFile, NodeFile, RoleFile, ServerFile } from './shapes.ts'
import type { TlsFiles } from './tls.ts'
import { type RoleName, roleFileAt } from './where.ts'

/** The file that `chaffinch authority add`, `replace` and `retire` write. */
const successorsSchema = v.strictObject({
  from: field(whole(0, 2 ** 31), '12'),
  threshold: field(whole(1, 31), '2'),
  authority: v.pipe(v.array(authorityEntry), v.minLength(1, 'want at least one [[authority]]')),
})

const logLevel = v.picklist(['debug', 'info', 'warn', 'error'])

/** The keys that every role's file holds. */
const roleEntries = {
  network: field(text, '"network.toml"'),
  folder: v.optional(field(text, '"data"'), 'data'),
  log: v.optional(logLevel, 'info'),
  dial_from: v.optional(field(v.pipe(text, v.ip('want an IP address of this machine')), '"127.0.0.2"')),
}

/** The keys that the file of a role that others dial holds too. */
const serverEntries = {
  ...roleEntries,
  key: v.optional(field(text, '"identity.key"'), 'identity.key'),
  listen: field(listenAddresses, '["/ip4/0.0.0.0/tcp/4101"]'),
  announce: v.optional(field(addresses, '["/dns4/mix.example/tcp/4101"]'), []),
  status_port: v.optional(field(whole(0, 65_535), '7101'), 0),
  // All of them can be asked at 127.0.0.1
  status_address: v.optional(
    v.picklist(['127.0.0.1', '0.0.0.0', '::'], 'want "127.0.0.1", or "0.0.0.0" or "::" for all addresses'),
    '127.0.0.1',
  ),
}

const admissionSchema = v.strictObject({
  policy: v.optional(v.picklist(['open', 'list']), 'open'),
  allow: v.optional(field(v.array(hex32), '["an operator\'s identity"]'), []),
  prove_address: v.optional(v.boolean(), true),
  per_network: v.optional(field(whole(0, 10_000), '8'), 8),
})
/** Nodes that are asked for documents before the authorities. */
const sources = v.optional(
  v.array(
    v.strictObject({
      id: field(hex32, '"a node\'s id"'),
      addresses: field(addresses, '["/ip4/192.0.2.9/tcp/4201"]'),
    }),
  ),
  [],
)

const authoritySchema = v.strictObject({
  ...serverEntries,
  admission: v.optional(admissionSchema, {}),
  successors: v.optional(field(text, '"successors.toml"'), 'successors.toml'),
  mixing: v.optional(field(v.picklist(strategyNames), '"poisson"')),
  parameters: v.optional(parametersSchema, {}),
})
const mixSchema = v.strictObject({
  ...serverEntries,
  family: v.optional(v.union([v.literal(''), name]), ''),
  country: v.optional(
    v.pipe(text, v.regex(/^([A-Z]{2})?$/, 'want two capital letters, for instance "IS"')),
    '',
  ),
  contact: v.optional(field(v.pipe(text, v.maxBytes(128, 'want at most 128 bytes')), '"me@example.org"'), ''),
  certificate: v.optional(field(text, '"node.certificate"'), ''),
  threads: v.optional(field(whole(0, 64), '2')),
  connections: v.optional(field(whole(16, 65_536), '2000'), defaultNodeLimits.clients),
  tags: v.optional(field(whole(1000, 100_000_000), '4000000'), defaultNodeLimits.tagsPerKey),
  probe: v.optional(v.boolean(), true),
  counts: v.optional(v.boolean(), true),
  tls_certificate: v.optional(field(text, '"fullchain.pem"'), ''),
  tls_key: v.optional(field(text, '"privkey.pem"'), ''),
  proxies: v.optional(field(v.array(v.pipe(text, v.ip('want an IP address'))), '["192.0.2.9"]'), []),
  proxied: v.optional(field(listenAddresses, '["/ip4/0.0.0.0/tcp/4302/ws"]'), []),
  source: sources,
})
const gatewaySchema = v.strictObject({
  ...mixSchema.entries,
  announcers: v.optional(field(v.array(text), '["chaffinch_b…"]')),
  cores: v.optional(field(v.pipe(v.number(), v.minValue(0.05), v.maxValue(64)), '0.8')),
})
/** docs/spec/crowds.md 6. */
const memberSchema = v.strictObject({
  ...serverEntries,
  family: mixSchema.entries.family,
  destinations: v.optional(
    field(
      v.record(
        v.pipe(text, v.regex(destinationName, 'want names of a to z, 0 to 9, dot and hyphen')),
        v.pipe(text, v.url('want a URL'), v.regex(/^https?:/, 'want http:// or https://')),
      ),
      '{ echo = "http://127.0.0.1:8000/" }',
    ),
    {},
  ),
})
/** docs/spec/payments-rounds.md 4.10. */
const paymentsSchema = v.strictObject({
  apps: v.optional(
    v.array(v.pipe(text, v.check(isAppName, 'want a name of a to z, 0 to 9, dot and hyphen'))),
    [],
  ),
  epoch: v.optional(field(duration(1000), '"10min"')),
  arrive: v.optional(field(duration(1), '"1min"')),
  round: v.optional(field(duration(1000), '"20min"')),
  phase: v.optional(field(duration(100), '"90s"')),
  vote: v.optional(field(duration(100), '"1min"')),
  delay: v.optional(field(duration(0), '"1h"')),
  ledger: v.optional(v.picklist(['embedded', 'bitcoin']), 'embedded'),
  node: v.optional(field(v.pipe(text, v.url('want http://user@host:port')), '"http://127.0.0.1:8332"')),
  cookie: v.optional(field(text, '"/home/me/.bitcoin/.cookie"')),
  chain: v.optional(v.picklist(['main', 'test', 'testnet4', 'signet', 'regtest']), 'main'),
  outputs: v.optional(v.picklist(['p2wpkh', 'p2tr']), 'p2wpkh'),
  step: v.optional(field(whole(1, 1_000_000), '5000'), 5000),
  rungs: v.optional(field(whole(1, 100), '10'), 10),
  least: v.optional(field(whole(1, 2 ** 50), '1000000'), 1_000_000),
  confirmations: v.optional(field(whole(1, 100), '6'), 6),
  follow: v.optional(field(duration(1), '"1min"')),
  stock: v.optional(field(duration(0), '"1h"')),
})

const clientSchema = v.strictObject({
  ...roleEntries,
  gateways: v.optional(field(v.array(hex32), '["a gateway\'s id"]'), []),
  homes: v.optional(field(whole(1, 3), '2')),
  patience: v.optional(field(duration(1000), '"1d"')),
  source: sources,
  api_port: v.optional(field(whole(0, 65_535), '7700'), 7700),
  cover: v.optional(
    v.picklist(coverLevels, `want one of ${coverLevels.map(level => `"${level}"`).join(', ')}`),
    'default',
  ),
  acknowledge: v.optional(
    v.picklist(acknowledges, `want one of ${acknowledges.map(level => `"${level}"`).join(', ')}`),
    'contacts',
  ),
  apps: v.optional(
    field(
      v.array(v.pipe(text, v.check(isAppName, 'want a name of a to z, 0 to 9, dot and hyphen'))),
      '["chat"]',
    ),
    [],
  ),
  app_identities: v.optional(
    field(
      v.record(
        v.pipe(text, v.check(isAppName, "want an app's name")),
        v.pipe(text, v.check(isAppName, "want an identity's name")),
      ),
      '{ chat = "work" }',
    ),
    {},
  ),
  serve: v.optional(
    field(v.array(v.picklist(ownServiceNames, `want ${ownServiceNames.join(' or ')}`)), '["ping"]'),
    [],
  ),
  announce: v.optional(
    v.picklist(['', ...ownServiceNames], `want ${ownServiceNames.join(' or ')}, one of 'serve'`),
    '',
  ),
  payments: v.optional(paymentsSchema, {}),
  key_file: v.optional(field(text, '"my.key"')),
  passphrase_file: v.optional(field(text, '"passphrase"')),
})

/** The roles that have a file. */
export type { RoleName }

const schemas: Readonly<Record<RoleName, v.GenericSchema>> = {
  authority: authoritySchema,
  mix: mixSchema,
  gateway: gatewaySchema,
  member: memberSchema,
  client: clientSchema,
}

/**
 * Checks the text of a role's file before it is written.
 *
 * @param file stands in the message
 * @throws FileError naming line and key
 */
export function checkRoleText(role: RoleName, file: string, text: string): void {
  checkToml<unknown>(file, text, schemas[role])
}

/** @throws CommandError CONFIG */
export function readAuthorityFile(file: string): AuthorityFile {
  const read = readToml(file, authoritySchema)
  const { policy, allow, prove_address: proveAddresses, per_network: perNetwork } = read.admission
  return {
    ...server(file, read),
    parameters: read.parameters,
    mixing: read.mixing,
    successorsFile: beside(file, read.successors),
    successors: readSuccessorsFile(beside(file, read.successors)),
    admission: { allow: policy === 'list' ? allow : undefined, proveAddresses, perNetwork },
  }
}

/** @throws CommandError CONFIG */
function readSuccessorsFile(file: string): Successors | null {
  if (!existsSync(file)) return null
  const { from, threshold, authority } = readToml(file, successorsSchema)
  return successorsOf(from, { threshold, authorities: authority })
}

/** @throws CommandError CONFIG */
export function readNodeFile(file: string, role: 'mix' | 'gateway'): NodeFile {
  const read: v.InferOutput<typeof gatewaySchema> = readToml(file, role === 'mix' ? mixSchema : gatewaySchema)
  const { family, threads, country, contact, certificate } = read
  const common = server(file, read)
  return {
    ...common,
    announcers: read.announcers?.map(address => mailboxOf(file, 'announcers', address, common.network)),
    family,
    threads,
    cores: read.cores,
    connections: read.connections,
    tags: read.tags,
    probe: read.probe,
    counts: read.counts,
    country,
    contact,
    certificate: certificate === '' ? undefined : beside(file, certificate),
    tls: tlsOf(file, read),
    proxies: proxiesOf(file, read),
    sources: read.source,
  }
}

/** @throws CommandError CONFIG */
export function readMemberFile(file: string): MemberFile {
  const read = readToml(file, memberSchema)
  const { family, destinations } = read
  return { ...server(file, read), family, destinations: new Map(Object.entries(destinations)) }
}

type NodeEntries = v.InferOutput<typeof gatewaySchema>

/** @throws CommandError CONFIG */
function tlsOf(file: string, { listen, tls_certificate, tls_key }: NodeEntries): TlsFiles | undefined {
  const wants = listen.find(address => /\/wss$|\/tls\/ws$/.test(address))
  if (tls_certificate === '' && tls_key === '') {
    if (wants === undefined) return undefined
    throw keyError(file, ['listen'], `'${wants}' wants 'tls_certificate' and 'tls_key'`)
  }
  if (tls_certificate === '') throw keyError(file, ['tls_key'], "want 'tls_certificate' with it")
  if (tls_key === '') throw keyError(file, ['tls_certificate'], "want 'tls_key' with it")
  if (wants === undefined)
    throw keyError(file, ['tls_certificate'], "want an address that ends in /tls/ws in 'listen'")
  return { certificate: beside(file, tls_certificate), key: beside(file, tls_key) }
}

/** @throws CommandError CONFIG */
function proxiesOf(file: string, { listen, proxies, proxied }: NodeEntries): ProxyInit | undefined {
  const other = proxied.find(address => !listen.includes(address))
  if (other !== undefined) throw keyError(file, ['proxied'], `'${other}' is not one of 'listen'`)
  if (proxies.length > 0) return { from: proxies, at: proxied.length > 0 ? proxied : listen }
  if (proxied.length === 0) return undefined
  throw keyError(file, ['proxied'], "want the proxies' addresses in 'proxies'")
}

/** Lowercase hex of the key that an address reads its mail with. @throws CommandError CONFIG */
function mailboxOf(file: string, key: string, address: string, network: Network): string {
  try {
    return hex(readAddress(address, network.name).mailboxKey)
  } catch (error) {
    throw keyError(file, [key], (error as Error).message)
  }
}

/** @throws CommandError CONFIG */
export function readClientFile(file: string): ClientFile {
  const read = readToml(file, clientSchema)
  const { gateways, api_port: apiPort, cover, apps, serve, key_file, passphrase_file } = read
  const own = (name: string | undefined): string | undefined => name && beside(file, name)
  const secret = { keyFile: own(key_file), passphraseFile: own(passphrase_file) }
  if (read.announce !== '' && !serve.includes(read.announce))
    throw keyError(file, ['announce'], `'${read.announce}' is not one of 'serve'`)
  const appIdentities = new Map(Object.entries(read.app_identities))
  for (const app of appIdentities.keys())
    if (!apps.includes(app)) throw keyError(file, ['app_identities', app], "no app of this name in 'apps'")
  const payments = paymentsOf(file, read.payments, apps)
  return {
    ...role(file, read),
    gateways,
    homes: read.homes as ClientFile['homes'],
    patienceMs: read.patience,
    sources: read.source,
    apiPort,
    cover,
    acknowledge: read.acknowledge,
    apps,
    appIdentities,
    serve,
    announce: read.announce,
    payments,
    secret,
  }
}

/** @throws CommandError CONFIG */
function paymentsOf(
  file: string,
  read: v.InferOutput<typeof paymentsSchema>,
  apps: readonly string[],
): ClientFile['payments'] {
  const unknown = read.apps.find(app => !apps.includes(app))
  if (unknown !== undefined) throw keyError(file, ['payments', 'apps'], `'${unknown}' is not one of 'apps'`)
  const times: PaymentTimes = {
    epochMs: read.epoch ?? usualTimes.epochMs,
    arriveMs: read.arrive ?? usualTimes.arriveMs,
    roundMs: read.round ?? usualTimes.roundMs,
    phaseMs: read.phase ?? usualTimes.phaseMs,
    voteMs: read.vote ?? usualTimes.voteMs,
    delayMs: read.delay ?? usualTimes.delayMs,
    followMs: read.follow ?? usualTimes.followMs,
    stockMs: read.stock ?? usualTimes.stockMs ?? 0,
  }
  if (times.arriveMs >= times.epochMs)
    throw keyError(file, ['payments', 'arrive'], 'want less than payments.epoch')
  const { ledger, node, cookie, chain, outputs, step, rungs, least, confirmations } = read
  const own = cookie === undefined ? undefined : beside(file, cookie)
  const bitcoin = { node, cookie: own, chain, outputs, step, rungs, least, confirmations }
  return { apps: read.apps, times, ledger, bitcoin }
}

/**
 * Says where the client of a file answers.
 *
 * @param given the file; by default the one that `roleFileAt` finds
 * @param as one of its identities; default: the first
 * @throws CommandError CONFIG
 */
export function clientEndpoint(given?: string, as?: string): Endpoint {
  const file = roleFileAt('client', given)
  const { apiPort, folder } = readClientFile(file)
  if (apiPort === 0) {
    throw keyError(file, ['api_port'], '0 takes any port: set one that this command can find')
  }
  return { port: apiPort, tokenFile: join(folder, 'token'), as }
}

/** Reaches the client of this file, which runs. Throws like `clientEndpoint`. */
export function runningClient(file?: string, as?: string): RemoteClient {
  return remoteAt(clientEndpoint(file, as))
}

function role(file: string, read: v.InferOutput<v.ObjectSchema<typeof roleEntries, undefined>>): RoleFile {
  const networkFile = beside(file, read.network)
  return {
    file,
    network: readNetwork(networkFile),
    networkFile,
    folder: beside(file, read.folder),
    log: read.log,
    dialFrom: read.dial_from,
  }
}

function server(
  file: string,
  read: v.InferOutput<v.ObjectSchema<typeof serverEntries, undefined>>,
): ServerFile {
  if (read.listen.length === 0) {
    throw keyError(file, ['listen'], 'want at least one address')
  }
  return {
    ...role(file, read),
    key: beside(file, read.key),
    listen: read.listen,
    announce: read.announce,
    statusPort: read.status_port,
    statusAddress: read.status_address,
  }
}

/** Paths in a file are relative to it. */
function beside(file: string, path: string): string {
  return resolve(dirname(file), path)
}
