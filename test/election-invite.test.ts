// chaffinch election invite (docs/spec/voting.md 4.3): letters to voters, by mail and as files.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { serverOf } from '../scripts/election/invite.ts'
import { letterOf } from '../scripts/election/letter.ts'
import { electionId, parseDefinition } from '../voting/index.ts'
import { chaffinch, refusal, toml } from './election-command.ts'

const place = mkdtempSync(join(tmpdir(), 'chaffinch-invite-'))
test.after(() => rmSync(place, { recursive: true }))
const [folder, codes] = ['board', 'codes.csv'].map(name => join(place, name)) as [string, string]
let id = ''
/** The codes of the voters, in the order of the register. */
let drawn: readonly string[] = []

test.before(async () => {
  writeFileSync(join(place, 'election.toml'), toml)
  await chaffinch('init', folder, '--from', join(place, 'election.toml'))
  id = electionId(parseDefinition(readFileSync(join(folder, 'election.json'), 'utf8')))
  const register = [
    'name,mail',
    '"=Ray, Zoë",zoe@example.org',
    'Bo,bo@example.org',
    'Cyd,cyd@example.org',
    'Dov,',
  ]
  writeFileSync(join(place, 'voters.csv'), register.join('\n'))
  await chaffinch('credentials', folder, '--voters', join(place, 'voters.csv'), '--codes', codes)
  drawn = readFileSync(codes, 'utf8')
    .trimEnd()
    .split('\r\n')
    .slice(1)
    .map(line => line.split(',').at(-1) as string)
})

interface Received {
  readonly to: string
  readonly text: string
}

/** A mail server of loopback: it refuses some, and hangs up after so many. */
async function mailServer(refuses: string, most = Number.POSITIVE_INFINITY) {
  const received: Received[] = []
  const server = createServer(socket => {
    let [to, body, inBody, rest] = ['', '', false, '']
    const say = (line: string): boolean => socket.write(`${line}\r\n`)
    say('220 mail.example')
    socket.on('error', () => {})
    socket.on('data', chunk => {
      const lines = (rest + chunk.toString('latin1')).split('\r\n')
      rest = lines.pop() as string
      for (const line of lines) {
        if (inBody && line === '.') {
          inBody = false
          if (received.length >= most) return void socket.destroy()
          received.push({ to, text: body })
          say('250 taken')
        } else if (inBody) body += `${line}\n`
        else if (/^RCPT/.test(line)) {
          to = /<(.*)>/.exec(line)?.[1] ?? ''
          say(to === refuses ? '550 nobody of this name' : '250 fine')
        } else if (/^DATA/.test(line)) {
          ;[body, inBody] = ['', true]
          say('354 go on')
        } else if (/^QUIT/.test(line)) socket.end('221 bye\r\n')
        else say('250 fine')
      }
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `smtp://127.0.0.1:${port}`, received, close: () => server.close() }
}

/** The text of a mail, whose lines were folded and whose letters may be quoted. */
function plain({ text }: Received): string {
  const [head = '', ...parts] = text.split('\n\n')
  const body = parts.join('\n\n')
  if (!/quoted-printable/i.test(head)) return body
  const bytes = body
    .replaceAll('=\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

test('every voter with an address gets their own code, once, whatever happens in between', async () => {
  const first = await mailServer('bo@example.org', 1)
  const mail = (url: string): readonly string[] => [
    ...['invite', folder, '--codes', codes, '--smtp', url, '--from', 'authority@example.org'],
    ...['--page', 'https://poll.example/poll/ui'],
  ]
  assert.match(await refusal(...mail(first.url)), /^1 of 3 letters are sent, then: /)
  first.close()
  const server = await mailServer('bo@example.org')
  assert.match(
    await refusal(...mail(server.url)),
    /the server refused: bo@example.org: .*nobody of this name/,
  )
  server.close()
  const all = [...first.received, ...server.received]
  assert.equal(
    all.map(({ to }) => to),
    ['zoe@example.org', 'cyd@example.org'],
  )
  for (const [i, voter] of [0, 2].entries()) {
    const text = plain(all[i] as Received)
    assert.ok(text.includes(`https://poll.example/poll/ui/#vote/${id}/${drawn[voter]}`), text)
    assert.is(drawn.filter(code => text.includes(code)).length, 1, 'no code of another')
  }
  assert.match(all[0]?.text ?? '', /^To: "?=\?UTF-8\?.*<zoe@example.org>$/im)
  assert.is(statSync(`${codes}.sent`).mode & 0o777, 0o600)
  const healed = await mailServer('')
  const { out, err } = await chaffinch(...mail(healed.url), '--json')
  healed.close()
  assert.equal(JSON.parse(out), { sent: 1, before: 2, withoutMail: 1, refused: [] })
  assert.match(err, /no mail address: Dov/)
  assert.equal(
    healed.received.map(({ to }) => to),
    ['bo@example.org'],
  )
})

test('letters to print are files for nobody else, in the words of whoever writes them', async () => {
  const [letters, text] = [join(place, 'letters'), join(place, 'letter.txt')]
  const args = ['invite', folder, '--codes', codes, '--letters', letters, '--text', text]
  writeFileSync(text, 'Für {name}: {code}, {whom}')
  assert.match(await refusal(...args), /letter.txt: \{whom\} is not known/)
  writeFileSync(text, 'Für {name}: {link}')
  assert.match(await refusal(...args), /\{link\} wants --page URL/)
  writeFileSync(text, 'Für {name}')
  assert.match(await refusal(...args), /want \{code\} or \{link\}/)
  writeFileSync(text, 'Für {name}: {code}')
  await chaffinch(...args)
  assert.equal(readdirSync(letters).sort(), ['1.txt', '2.txt', '3.txt', '4.txt'])
  assert.is(readFileSync(join(letters, '1.txt'), 'utf8'), `Für =Ray, Zoë: ${drawn[0]}`)
  assert.is(statSync(join(letters, '1.txt')).mode & 0o777, 0o600)
  assert.match(await refusal(...args), /1.txt/, 'nothing is written over')
})

test('a name fills no place, and codes of another election are refused', async () => {
  const facts = { name: '{code}', title: 't', election: 'e', code: 'SECRET', link: undefined }
  assert.is(letterOf('{name} {code}', facts), '{code} SECRET')
  const other = join(place, 'other.csv')
  writeFileSync(
    other,
    readFileSync(codes, 'utf8').replace(drawn[1] as string, 'AAAAA-AAAAA-AAAAA-AAAAA-AAAAA'),
  )
  const args = ['invite', folder, '--codes', other, '--letters', join(place, 'none')]
  assert.match(await refusal(...args), /other.csv: line 3: the code is of no voter/)
  const two = readFileSync(codes, 'utf8').replace('bo@example.org', '"bo@example.org, all@example.org"')
  writeFileSync(other, two)
  assert.match(await refusal(...args), /other.csv: line 3: .* is no mail address/)
  writeFileSync(other, readFileSync(codes, 'utf8').replaceAll(',', ';').replace('Ray; Zoë', 'Ray, Zoë'))
  await chaffinch('invite', folder, '--codes', other, '--letters', join(place, 'excel'))
  assert.match(readFileSync(join(place, 'excel', '1.txt'), 'utf8'), /^=Ray, Zoë, you may vote: Who speaks/)
})

test('passwords stand in no command, and elsewhere than on this machine there is TLS', () => {
  assert.throws(() => serverOf('smtp://me:secret@mail.example', undefined), /CHAFFINCH_SMTP_PASSWORD/)
  assert.throws(() => serverOf('smtp://me@mail.example', undefined), /CHAFFINCH_SMTP_PASSWORD: not set/)
  assert.throws(() => serverOf('http://mail.example', undefined), /want smtp:/)
  const told = (url: string): unknown[] => {
    const { port, secure, requireTLS } = serverOf(url, 'secret') as Record<string, unknown>
    return [port, secure, requireTLS]
  }
  assert.equal(told('smtp://me@mail.example'), [587, false, true])
  assert.equal(told('smtps://me@mail.example'), [465, true, false])
  assert.equal(told('smtp://[::1]:25'), [25, false, false])
})

test.run()
