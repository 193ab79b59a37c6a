import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeAddress } from '../client/packets/address.ts'
import { fromHex, hex } from '../encoding/bytes.ts'
import { CommandError } from '../encoding/command-line.ts'
import { formatDuration, parseDuration } from '../encoding/duration.ts'
import { lineOf } from '../encoding/toml.ts'
import { readClientFile, readNodeFile } from '../roles/files/config.ts'
import { networkText, nodeText } from '../roles/files/init-files.ts'
import { readNetwork } from '../roles/files/read.ts'

const folder = mkdtempSync(join(tmpdir(), 'chaffinch-config-'))
test.after(() => rmSync(folder, { recursive: true }))

const bytesOf = (digits: string): Uint8Array => fromHex(digits)
const id = 'ab'.repeat(32)
const network = networkText({
  name: 'demo',
  genesis: Date.UTC(2026, 0, 31, 12),
  epochMs: 20_000,
  threshold: 2,
  authorities: [
    { id: bytesOf(id), sharingKey: bytesOf('ef'.repeat(32)), addresses: ['/ip4/127.0.0.1/tcp/4101'] },
    {
      id: bytesOf('cd'.repeat(32)),
      sharingKey: bytesOf('12'.repeat(32)),
      addresses: ['/dns4/beta.example/tcp/4101'],
    },
  ],
})

function failure(run: () => unknown): CommandError {
  try {
    run()
  } catch (error) {
    if (error instanceof CommandError) return error
    throw error
  }
  throw new Error('did not fail')
}

/** Gives what reading a network file says about that text, without the folder. */
function networkFailure(text: string): string {
  const file = join(folder, 'network.toml')
  writeFileSync(file, text)
  const error = failure(() => readNetwork(file))
  assert.is(error.exitCode, 2)
  assert.not.match(error.message, '\n')
  return error.message.replace(`${folder}/`, '')
}

/** The number of the line of `text` that starts with `start`. */
const lineNumber = (text: string, start: string): number =>
  text.split('\n').findIndex(line => line.startsWith(start)) + 1

test('a network file is read as it was written, its defaults filled in', () => {
  const file = join(folder, 'network.toml')
  writeFileSync(file, network)
  const read = readNetwork(file)
  assert.is(read.name, 'demo')
  assert.is(read.genesis, Date.UTC(2026, 0, 31, 12))
  assert.is(read.epochMs, 20_000)
  assert.is(read.layers, 3)
  assert.is(read.hops, 5)
  assert.is(read.userBytes, 2000)
  assert.equal(read.minimum, { mixes: 3, gateways: 1 })
  assert.is(hex(read.authorities[0]?.id as Uint8Array), id)
})

const broken: readonly {
  says: string
  change: [from: RegExp | string, to: string]
  at: string
  expect: RegExp
}[] = [
  {
    says: 'a misspelt key',
    change: ['threshold = 2', 'treshold = 2'],
    at: 'treshold',
    expect: /treshold: unknown key, did you mean 'threshold'\?$/,
  },
  {
    says: 'a key from nowhere',
    change: ['threshold = 2', 'threshold = 2\nzzzzzzzzz = 1'],
    at: 'zzzzzzzzz',
    expect: /zzzzzzzzz: unknown key, remove it \(known here: name, genesis, /,
  },
  {
    says: 'a wrong type',
    change: ['threshold = 2', 'threshold = "two"'],
    at: 'threshold',
    expect: /threshold: want a number, have "two", for instance threshold = 2$/,
  },
  {
    says: 'a duration without a unit',
    change: ['epoch = "20s"', 'epoch = "20"'],
    at: 'epoch',
    expect: /epoch: want a number and a unit \(ms, s, min, h, d\), for instance "20s"$/,
  },
  {
    says: 'an authority without an id',
    change: [`id = "${'cd'.repeat(32)}"\n`, ''],
    at: 'sharing_key = "12',
    expect: /authority\[2\]\.id: is missing, add it, for instance id = /,
  },
  {
    says: 'an authority without a sharing key',
    change: [`sharing_key = "${'12'.repeat(32)}"\n`, ''],
    at: 'id = "cdcd',
    expect: /authority\[2\]\.sharing_key: is missing, add it, for instance sharing_key = /,
  },
  {
    says: 'an address with a peer id',
    change: ['/dns4/beta.example/tcp/4101', '/dns4/beta.example/tcp/4101/p2p/12D3'],
    at: 'addresses = ["/dns4',
    expect: /authority\[2\]\.addresses\[1\]: want a multiaddr without \/p2p/,
  },
  {
    says: 'TOML that is none',
    change: ['threshold = 2', 'threshold = ['],
    at: 'threshold',
    expect: /:/,
  },
]

for (const { says, change, at, expect } of broken) {
  test(`${says} is told with file, line, key and fix`, () => {
    const text = network.replace(change[0], change[1])
    const message = networkFailure(text)
    assert.match(message, /^network\.toml:\d+: /)
    assert.match(message, expect)
    const line = Number(/:(\d+):/.exec(message)?.[1])
    // A missing key is told at its table's head, one line above what is left of it.
    const near = lineNumber(text, at)
    assert.ok(line === near || line === near - 1 || /TOML/.test(says), `line ${line}, want ${near}`)
  })
}

test('a key on the line of a table of its own is found in the right table', () => {
  const text = 'a = 1\n[one]\nkey = 1\n[two]\nkey = 2\n[[list]]\nkey = 3\n[[list]]\nkey = 4\n'
  assert.is(lineOf(text, ['a']), 1)
  assert.is(lineOf(text, ['one', 'key']), 3)
  assert.is(lineOf(text, ['two', 'key']), 5)
  assert.is(lineOf(text, ['list', 0, 'key']), 7)
  assert.is(lineOf(text, ['list', 1, 'key']), 9)
  assert.is(lineOf(text, ['list', 1, 'other']), 8)
})

test('uncommenting every default of a role file changes nothing', () => {
  const file = join(folder, 'mix.toml')
  writeFileSync(join(folder, 'network.toml'), network)
  const text = nodeText(file, 'mix', {
    networkFile: join(folder, 'network.toml'),
    listen: ['/ip4/127.0.0.1/tcp/4201'],
  })
  writeFileSync(file, text)
  const read = readNodeFile(file, 'mix')
  writeFileSync(file, text.replace(/^#(dial_from|threads).*\n/gm, '').replace(/^#(?=\w)/gm, ''))
  assert.equal(readNodeFile(file, 'mix'), read)
})

test('a node has the usual ceilings, or those of its file', () => {
  const file = join(folder, 'mix.toml')
  writeFileSync(join(folder, 'network.toml'), network)
  const text = `network = "network.toml"\nlisten = ["/ip4/127.0.0.1/tcp/4201"]\n`
  const read = (more: string): readonly number[] => {
    writeFileSync(file, text + more)
    const { connections, tags } = readNodeFile(file, 'mix')
    return [connections, tags]
  }
  assert.equal(read(''), [2000, 4_000_000])
  assert.equal(read('connections = 5000\ntags = 12000000\n'), [5000, 12_000_000])
  assert.match(failure(() => read('connections = 15\n')).message, /connections: want/)
  assert.match(failure(() => read('tags = 0\n')).message, /tags: want/)
})

test('a file that is not there is a configuration error with a hint', () => {
  const error = failure(() => readNodeFile(join(folder, 'none.toml'), 'mix'))
  assert.is(error.exitCode, 2)
  assert.match(error.message, /none\.toml: no such file$/)
  assert.ok(error.hint)
})

test('any text is read or refused in one line', () => {
  const file = join(folder, 'any.toml')
  const lines = network.split('\n')
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc
          .array(fc.oneof(fc.constantFrom(...lines), fc.string({ unit: 'grapheme' })))
          .map(all => all.join('\n')),
      ),
      text => {
        writeFileSync(file, text)
        try {
          readNetwork(file)
        } catch (error) {
          assert.instance(error, CommandError)
          assert.not.match((error as Error).message, '\n')
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('a client file: apps are bound to identities, and keys that do not fit say where they stand', () => {
  const file = join(folder, 'client.toml')
  writeFileSync(join(folder, 'network.toml'), network)
  const head = 'network = "network.toml"\nfolder = "."\napps = ["chat", "shop"]\n'
  writeFileSync(file, `${head}app_identities = { chat = "work" }\n[payments]\napps = ["shop"]\n`)
  const read = readClientFile(file)
  assert.equal([...read.appIdentities], [['chat', 'work']])
  assert.equal(read.payments.apps, ['shop'])
  for (const [more, line, says] of [
    ['app_identities = { chess = "work" }', 4, "app_identities.chess: no app of this name in 'apps'"],
    ['announce = "echo"', 4, "announce: 'echo' is not one of 'serve'"],
    ['[payments]\napps = ["chess"]', 5, "payments.apps: 'chess' is not one of 'apps'"],
    ['[payments]\narrive = "5min"\nepoch = "5min"', 5, 'payments.arrive: want less than payments.epoch'],
  ] as const) {
    writeFileSync(file, `${head}${more}\n`)
    const error = failure(() => readClientFile(file))
    assert.is(error.exitCode, 2)
    assert.is(error.message, `${file}:${line}: ${says}`)
  }
})

test('a gateway file names by address whose services it announces', () => {
  const file = join(folder, 'gateway.toml')
  writeFileSync(join(folder, 'network.toml'), network)
  const head = 'network = "network.toml"\nlisten = ["/ip4/127.0.0.1/tcp/4301"]\n'
  const [sealingKey, mailboxKey] = [bytesOf('01'.repeat(32)), bytesOf('02'.repeat(32))]
  const address = writeAddress({ sealingKey, mailboxKey, gateways: [bytesOf(id)] }, 'demo')
  writeFileSync(file, head)
  assert.is(readNodeFile(file, 'gateway').announcers, undefined, 'those of anyone')
  writeFileSync(file, `${head}announcers = ["${address}"]\n`)
  assert.equal(readNodeFile(file, 'gateway').announcers, ['02'.repeat(32)])
  writeFileSync(file, `${head}announcers = ["${address.slice(0, -1)}"]\n`)
  const error = failure(() => readNodeFile(file, 'gateway'))
  assert.is(error.exitCode, 2)
  assert.match(error.message, /gateway\.toml:3: announcers: address: /)
  assert.match(failure(() => readNodeFile(file, 'mix')).message, /:3: announcers: unknown key/)
})

test('a file that is not UTF-8 is refused with its line, and altered nowhere', () => {
  const file = join(folder, 'latin.toml')
  for (const [before, bad, line] of [
    ['', [0xe9], 1],
    ['# first\n# second\n', [0x22, 0xc3, 0x28, 0x22], 3],
    ['# first\n', [0xed, 0xa0, 0x80], 2],
    ['# first\n\n\n', [0xf0, 0x9f, 0x8e], 4],
  ] as const) {
    writeFileSync(
      file,
      Buffer.concat([Buffer.from(`${before}name = `), Buffer.from(bad), Buffer.from('\n# last')]),
    )
    const error = failure(() => readNetwork(file))
    assert.is(error.exitCode, 2)
    assert.ok(error.message.endsWith(`latin.toml:${line}: is not UTF-8; save it as UTF-8`), error.message)
  }
})

test('durations: what is written is read back', () => {
  for (const [text, ms] of Object.entries({
    '50ms': 50,
    '20s': 20_000,
    '20min': 1_200_000,
    '1.5h': 5_400_000,
  })) {
    assert.is(parseDuration(text), ms)
  }
  for (const text of ['', '20', 's', '-1s', '1e3s', '20 minutes', '0.5ms', '1.2345s']) {
    assert.is(parseDuration(text), undefined, text)
  }
  fc.assert(fc.property(fc.nat(2 ** 40), ms => parseDuration(formatDuration(ms)) === ms))
})

test.run()
