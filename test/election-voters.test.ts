// Registers of voters as spreadsheets write them (docs/guide/commands.md, election credentials), and answers as people
// type them.

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CommandError } from '../encoding/command-line.ts'
import { readAnswer, readAnswers } from '../scripts/election/answer-text.ts'
import { readVoters } from '../scripts/election/voters-csv.ts'
import { VotingError } from '../voting/index.ts'
import { questions } from './voting-world.ts'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const utf16 = (text: string, little: boolean): Uint8Array =>
  Uint8Array.from(
    [...text].flatMap(each => {
      const [high, low] = [each.charCodeAt(0) >> 8, each.charCodeAt(0) & 0xff]
      return little ? [low, high] : [high, low]
    }),
  )
const latin = (text: string): Uint8Array => Uint8Array.from([...text], each => each.charCodeAt(0))

const plain = 'name,mail,weight\nZoë Ray,zoe@example.org,2\nBo,bo@example.org,1\n'
const wanted = [
  { name: 'Zoë Ray', mail: 'zoe@example.org', weight: 2, line: 2 },
  { name: 'Bo', mail: 'bo@example.org', weight: 1, line: 3 },
]

const says = (text: string): string => {
  try {
    readVoters(utf8(text))
  } catch (error) {
    if (error instanceof VotingError) return error.message
    throw error
  }
  return 'nothing was thrown'
}

test('every dialect of one register is the same register', () => {
  const dialects: readonly [string, Uint8Array][] = [
    ['plain', utf8(plain)],
    ['a byte order mark', utf8(`\ufeff${plain}`)],
    ['UTF-16 of Windows', utf16(`\ufeff${plain}`, true)],
    ['UTF-16, the other way round', utf16(`\ufeff${plain}`, false)],
    ['UTF-16 without a mark', utf16(plain, true)],
    ['UTF-16 without a mark, the other way round', utf16(plain, false)],
    ['Windows-1252', latin(plain)],
    ['line ends of Windows', utf8(plain.replaceAll('\n', '\r\n'))],
    ['line ends of old Macs', utf8(plain.replaceAll('\n', '\r'))],
    ['no line end at the end', utf8(plain.trimEnd())],
    ['semicolons', utf8(plain.replaceAll(',', ';'))],
    ['tabs', utf8(plain.replaceAll(',', '\t'))],
    ['bars', utf8(plain.replaceAll(',', '|'))],
    ['quotes', utf8(plain.replaceAll(/[^,\n]+/g, '"$&"'))],
    ['spaces around cells', utf8(plain.replaceAll(',', ' , '))],
    ['columns without a name', utf8(plain.replaceAll('\n', ',,\n'))],
    ['capitals', utf8(plain.replace('name,mail,weight', 'NAME,E-Mail,Votes'))],
    ['French', utf8(plain.replace('name,mail,weight', 'Nom,Courriel,Poids'))],
    ['UTF-16 with tabs', utf16(`\ufeff${plain.replaceAll(',', '\t').replaceAll('\n', '\r\n')}`, true)],
  ]
  for (const [what, bytes] of dialects) assert.equal(readVoters(bytes), wanted, what)
})

test('lines of Excel, empty lines and quoted line ends change nothing but the number of a line', () => {
  const sep = readVoters(utf8(`sep=;\r\n${plain.replaceAll(',', ';')}`))
  assert.equal(
    sep.map(({ name, line }) => [name, line]),
    [
      ['Zoë Ray', 3],
      ['Bo', 4],
    ],
  )
  const [first, second] = readVoters(
    utf8('name;mail\n\n"Ray,\r\nZoë";"zoe@example.org"\n;;\n"Bo ""B"" O";bo@example.org\n'),
  )
  assert.is(first?.name, 'Ray, Zoë')
  assert.equal([second?.name, second?.weight], ['Bo "B" O', 1])
})

test('columns are known by their names, or by what is in them', () => {
  const named = readVoters(utf8('Weight,First name,Last name,Email\n3,Zoë,Ray,zoe@example.org\n'))
  assert.equal(named, [{ name: 'Zoë Ray', mail: 'zoe@example.org', weight: 3, line: 2 }])
  const unnamed = readVoters(utf8('zoe@example.org;Zoë;3\nbo@example.org;Bo;1\n'))
  assert.equal(
    unnamed.map(({ name, weight }) => [name, weight]),
    [
      ['Zoë', 3],
      ['Bo', 1],
    ],
  )
  assert.equal(
    readVoters(utf8('Zoë\nBo\n')).map(({ name }) => name),
    ['Zoë', 'Bo'],
  )
})

test('what is no register is refused, and the line named', () => {
  const wrong: readonly [string, RegExp][] = [
    ['', /line 1: want a voter/],
    ['name,mail\n', /line 1: want a voter/],
    ['name,mail\nBo,bo\n', /line 2: bo: is no mail address/],
    ['name,mail\nBo,bo@x.org\nBO,BO@x.org\n', /line 3: bo@x.org: stands in line 2 too/],
    ['name\nZo\u00eb\nZoe\u0308\n', /line 3: name Zo.+: stands in line 2 too/],
    ['name\nBo\nBo\u200b\nCyril\n', /line 3: name Bo.*: stands in line 2 too/],
    ['name\nBo\nBO\n', /line 3: name BO: stands in line 2 too/],
    ['name,mail\nBo,bo@x.org\nBo,\uff42o@x.org\n', /line 3: .+: stands in line 2 too/],
    ['name,weight\nBo,0\n', /line 2: weight 0/],
    ['name,weight\nBo,1.5\n', /line 2: weight 1.5/],
    ['name,weight\nBo,\n', /line 2: weight \(empty\)/],
    ['name,mail,weight\n,,1\n', /line 2: has neither/],
    ['name,mail\n"Bo,bo@x.org\n', /line \d+: .*quote/i],
  ]
  for (const [text, why] of wrong) assert.match(says(text), why, JSON.stringify(text))
})

test('answers are read as people type them', () => {
  const [choose, rank, score, grade, list] = questions as [
    (typeof questions)[number],
    (typeof questions)[number],
    (typeof questions)[number],
    (typeof questions)[number],
    (typeof questions)[number],
  ]
  assert.equal(readAnswer(choose, '3, Anna'), { is: 'choose', chosen: [0, 2], written: [] })
  assert.equal(readAnswer(choose, 'Bo,+ Zoë'), { is: 'choose', chosen: [1], written: ['Zoë'] })
  assert.equal(readAnswer(choose, ''), { is: 'blank' })
  assert.equal(readAnswer(rank, 'Cyril > 1'), { is: 'rank', ranks: [2, 0, 1] })
  assert.equal(readAnswer(rank, 'Bo=Cyril>Anna'), { is: 'rank', ranks: [2, 1, 1] })
  assert.equal(readAnswer(score, 'Anna:10,3:2,Bo:0'), { is: 'score', scores: [10, 0, 2] })
  assert.equal(readAnswer(grade, 'Anna:good,Bo:3,Cyril:fair'), { is: 'grade', grades: [0, 2, 1] })
  assert.equal(readAnswer(list, 'North: Emil'), { is: 'list', list: 0, preferred: [1] })
  assert.equal(readAnswer(list, '2'), { is: 'list', list: 1, preferred: [] })
  assert.equal(readAnswers(questions, ['2=1', '1=2']).slice(0, 3), [
    { is: 'choose', chosen: [1], written: [] },
    { is: 'rank', ranks: [1, 0, 0] },
    { is: 'blank' },
  ])
  const wrong: readonly (readonly string[])[] = [
    ['1=Dora', '2=1'],
    ['9=1'],
    ['2=1', '2=2'],
    [],
    ['3=Anna:1', '2=1'],
  ]
  for (const typed of wrong)
    assert.throws(
      () => readAnswers(questions, typed),
      (error: unknown) => error instanceof CommandError,
      typed.join(),
    )
})

test.run()
