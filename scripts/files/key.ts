// chaffinch key: an operator's identity key, which stays offline, and its certificates for nodes' keys.

import { existsSync } from 'node:fs'
import { ed25519PublicKey, ed25519Sign, epochAt, epochStart } from '../../directory/index.ts'
import { fromHex, hex } from '../../encoding/bytes.ts'
import { CommandError, durationOption, wholeNumber } from '../../encoding/command-line.ts'
import {
  certificateText,
  readCertificate,
  readKey,
  readNetwork,
  replaceFile,
  writeKey,
  writeNew,
} from '../../roles/files/index.ts'
import { systemClock } from '../../world/clock.ts'
import { day } from '../../world/units.ts'

const hint = 'chaffinch key --help'

export function newKey(file: string, _: object): undefined {
  const seed = writeKey(file, 'operator identity', ed25519PublicKey)
  console.error(`wrote ${file}: keep it and a copy of it offline; its public key is`)
  console.log(hex(ed25519PublicKey(seed)))
}

export function show(file: string, _: object): undefined {
  console.log(hex(ed25519PublicKey(readKey(file))))
}

export interface CertifyOptions {
  readonly key?: string
  readonly network?: string
  readonly node?: string
  readonly role?: string
  readonly family?: string
  readonly contact?: string
  readonly for?: string
  readonly until?: string
  readonly out?: string
}

export function certify(values: CertifyOptions): undefined {
  const { role, out } = values
  const [keyFile, node] = [needed('key', values.key), needed('node', values.node)]
  if (!/^[0-9a-f]{64}$/.test(node)) {
    throw new CommandError('USAGE', `--node ${node}: want the id that 'chaffinch init' printed`, hint)
  }
  if (role !== 'mix' && role !== 'gateway') {
    throw new CommandError('USAGE', `--role ${role ?? ''}: want mix or gateway`, hint)
  }
  if (values.for !== undefined && values.until !== undefined) {
    throw new CommandError('USAGE', 'key certify: want --for or --until, not both', hint)
  }
  const network = readNetwork(values.network ?? 'network.toml')
  const lasting = values.for === undefined ? 90 * day : durationOption('for', values.for)
  const until =
    values.until === undefined
      ? Math.max(0, epochAt(network, systemClock.now() + lasting))
      : wholeNumber('until', values.until, 0, 2 ** 31)
  const seed = readKey(keyFile)
  const certifies = {
    network: network.name,
    node: fromHex(node),
    role,
    family: values.family ?? '',
    contact: values.contact ?? '',
    until,
  } as const
  const text = certificateText(certifies, ed25519PublicKey(seed), message => ed25519Sign(seed, message))
  const end = new Date(epochStart(network, until + 1)).toISOString()
  if (out === undefined) process.stdout.write(text)
  else if (existsSync(out)) renew(out, node, text)
  else writeNew(out, text)
  console.error(`node ${node.slice(0, 16)} is certified until the end of epoch ${until}, ${end}`)
}

/** A certificate is renewed in its place; nothing else is overwritten. */
function renew(file: string, node: string, text: string): void {
  const before = readCertificate(file)
  if (hex(before.node) !== node) {
    throw new CommandError('FAILED', `${file}: is the certificate of another node`, 'nothing was overwritten')
  }
  replaceFile(file, text)
}

function needed(option: string, value: string | undefined): string {
  if (value === undefined) throw new CommandError('USAGE', `key certify: want --${option}`, hint)
  return value
}
