// What a public function throws is one of the errors that its face exports, and its message says what to do: no word of
// libp2p, the disk, LevelDB or a checker of shapes comes out by itself. client-bad-input.test.ts has the codes.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exportIdentity, lockFolder, lockOf, withIdentity } from '../client/folder/index.ts'
import { ClientError, connect, openIdentities, readAddress } from '../client/index.ts'
import { RemoteClient, RemoteError } from '../client/remote/index.ts'
import { authorityEntry, DirectoryError, startAuthority } from '../directory/authority/index.ts'
import { FileError, readNetwork } from '../directory/network-file.ts'
import { startNode } from '../node/index.ts'
import { entropyOf, PaymentError, readGenesis, readReceipt, readRequest, wordsOf } from '../payment/index.ts'
import { localNetwork } from '../simulator/local.ts'
import { systemRandom } from '../world/random.ts'
import { openStore } from '../world/store.ts'

const folder = mkdtempSync(join(tmpdir(), 'chaffinch-errors-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))
const file = join(folder, 'file')
writeFileSync(file, 'nothing')
/** A vault that is a folder: the disk refuses to read it. */
const oddVault = join(folder, 'odd')
mkdirSync(join(oddVault, 'vault.json'), { recursive: true })

/** Hands over what TypeScript would refuse, as JavaScript does. */
// biome-ignore lint/suspicious/noExplicitAny: what no type allows is what is tried
const wrong = (value: unknown): any => value

type Kind = abstract new (...of: never[]) => Error
type Row = readonly [what: string, act: () => unknown, kind: Kind, code: string | undefined, says: RegExp]

const key = { key: new Uint8Array(32) }
const nothing = async (): Promise<void> => {}

const rows: readonly Row[] = [
  ['client: no options', () => connect(wrong(undefined)), ClientError, 'BAD_OPTION', /want/],
  [
    'client: a misspelt option',
    () => connect(wrong({ foldr: 'x' })),
    ClientError,
    'BAD_OPTION',
    /foldr|network/,
  ],
  ['client: identities of nothing', () => openIdentities(wrong({})), ClientError, 'BAD_OPTION', /network/],
  [
    'client: an address that is none',
    () => readAddress(wrong(5), 'x'),
    ClientError,
    'BAD_ADDRESS',
    /want text/,
  ],
  ['network: no file', () => readNetwork(join(folder, 'none.toml')), FileError, undefined, /no such file/],
  ['network: a folder', () => readNetwork(folder), FileError, undefined, /chaffinch-errors/],
  ['network: no TOML', () => readNetwork(file), FileError, undefined, /file/],
  ['node: no options', () => startNode(wrong(undefined)), DirectoryError, 'BAD_NETWORK', /readNetwork/],
  ['node: no network', () => startNode(wrong({})), DirectoryError, 'BAD_NETWORK', /readNetwork/],
  [
    'authority: no options',
    () => startAuthority(wrong(undefined)),
    DirectoryError,
    'BAD_NETWORK',
    /readNetwork/,
  ],
  [
    'authority: no network',
    () => startAuthority(wrong({ network: {} })),
    DirectoryError,
    'BAD_NETWORK',
    /readNetwork/,
  ],
  [
    'authority: half a seed',
    () => authorityEntry(new Uint8Array(16), []),
    DirectoryError,
    'BAD_NETWORK',
    /32 bytes/,
  ],
  [
    'authority: no seed',
    () => authorityEntry(wrong(undefined), []),
    DirectoryError,
    'BAD_NETWORK',
    /32 bytes/,
  ],
  [
    'local: a misspelt option',
    () => localNetwork(wrong({ mixs: 3 })),
    RangeError,
    undefined,
    /did you mean 'mixes'/,
  ],
  [
    'local: words for numbers',
    () => localNetwork(wrong({ mixes: '3' })),
    RangeError,
    undefined,
    /mixes: want a number/,
  ],
  ['local: too small', () => localNetwork({ mixes: 1 }), RangeError, undefined, /three mixes/],
  [
    'payment: bytes that are none',
    () => readGenesis(wrong('x')),
    PaymentError,
    'BAD_DOCUMENT',
    /want its bytes/,
  ],
  [
    'payment: an empty genesis',
    () => readGenesis(new Uint8Array(0)),
    PaymentError,
    'BAD_DOCUMENT',
    /genesis/,
  ],
  [
    'payment: a request that is none',
    () => readRequest(wrong({})),
    PaymentError,
    'BAD_DOCUMENT',
    /want its bytes/,
  ],
  [
    'payment: a receipt of garbage',
    () => readReceipt(new Uint8Array(9), wrong({})),
    PaymentError,
    'BAD_DOCUMENT',
    /./,
  ],
  ['payment: words that are none', () => entropyOf('one two'), PaymentError, 'BAD_DOCUMENT', /word|want 24/],
  ['payment: no words', () => entropyOf(wrong(undefined)), PaymentError, 'BAD_DOCUMENT', /24 words/],
  ['payment: words of nothing', () => wordsOf(wrong(undefined)), PaymentError, 'BAD_DOCUMENT', /32 bytes/],
  ['folder: none', () => lockOf(wrong(undefined)), ClientError, 'BAD_OPTION', /folder: want the path/],
  ['folder: a vault that cannot be read', () => lockOf(oddVault), ClientError, 'NO_FOLDER', /odd: EISDIR/],
  ['folder: a file to lock', () => lockFolder(file, key), ClientError, 'NO_FOLDER', /file: /],
  [
    'folder: half a key',
    () => lockFolder(join(folder, 'a'), { key: new Uint8Array(5) }),
    ClientError,
    'BAD_OPTION',
    /32 bytes/,
  ],
  [
    'folder: an identity in a file',
    () => withIdentity({ folder: file, unlock: undefined, name: undefined }, nothing),
    ClientError,
    'NO_FOLDER',
    /file: /,
  ],
  [
    'folder: an identity of no folder',
    () => withIdentity(wrong({ unlock: undefined, name: undefined }), nothing),
    ClientError,
    'BAD_OPTION',
    /folder: want the path/,
  ],
  [
    'folder: another process has it',
    async () => {
      const busy = join(folder, 'busy')
      mkdirSync(busy)
      const open = await openStore(busy)
      try {
        await withIdentity({ folder: busy, unlock: undefined, name: undefined }, nothing)
      } finally {
        await open.close()
      }
    },
    ClientError,
    'IN_USE',
    /another process uses this folder/,
  ],
  [
    'folder: an identity of nothing',
    () =>
      withIdentity({ folder: join(folder, 'new'), unlock: undefined, name: undefined }, store =>
        exportIdentity(store, 'x', key, systemRandom).then(() => undefined),
      ),
    ClientError,
    'NO_IDENTITY',
    /start the client once/,
  ],
  ['remote: nobody there', () => at('http://127.0.0.1:9').status(), RemoteError, undefined, /127\.0\.0\.1:9/],
  ['remote: no URL', () => at('nowhere').status(), RemoteError, undefined, /nowhere/],
  ['remote: another program', () => answered('<html>', 200), RemoteError, undefined, /./],
  ['remote: one that refuses', () => answered('no', 500), RemoteError, undefined, /500/],
  [
    'remote: called off',
    () => at('http://127.0.0.1:9').status({ signal: AbortSignal.abort() }),
    RemoteError,
    undefined,
    /./,
  ],
]

function at(url: string): RemoteClient {
  return new RemoteClient({ url, token: 'x' })
}

/** Asks a program that is no daemon of a client. */
async function answered(text: string, status: number): Promise<unknown> {
  const server = createServer((_, response) => response.writeHead(status).end(text)).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  try {
    return await at(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).status()
  } finally {
    server.close()
  }
}

for (const [what, act, kind, code, says] of rows)
  test(what, async () => {
    const thrown = await Promise.resolve()
      .then(act)
      .then(
        () => undefined,
        (error: unknown) => error,
      )
    assert.instance(thrown, kind, `${what}: ${String(thrown)}`)
    if (code !== undefined) assert.is((thrown as { code?: unknown }).code, code, String(thrown))
    assert.match((thrown as Error).message, says)
    assert.not.match(
      (thrown as Error).message,
      /undefined \(reading|Cannot destructure|is not a function|ValiError/,
    )
  })

test.run()
