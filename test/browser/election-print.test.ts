// The PDF of a result (docs/spec/pages.md 8.3), as a browser prints it: read back by poppler's pdftotext, in both
// languages, on two sizes of paper, from a screen that is light or dark. Everything is on it, within the edges.

import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ballotsOf, chainsOf, trackerOf } from '../../voting/index.ts'
import { election as de } from '../../web/texts/de-election.ts'
import { election as en } from '../../web/texts/en-election.ts'
import { questions } from '../voting-world.ts'
import { press } from './browser.ts'
import { begin, type ElectionContext, end } from './election-world.ts'

const test = suite<ElectionContext>('the PDF of a result')
const hasReader = spawnSync('pdftotext', ['-v']).error === undefined
if (!hasReader) console.log('skipped: no pdftotext here (apt-get install poppler-utils): no PDF was read')

/** Words that a page breaks where it must, and lists that take more than one page. */
const long = `Donaudampfschifffahrts${'elektrizitätenhauptbetriebswerk'.repeat(3)}`
const many = Array.from({ length: 60 }, (_, i) => (i === 3 ? long : `Person number ${i + 1} of the list`))
const [choose] = questions
if (choose?.kind !== 'choose') throw new Error('want a question of that kind first')
const asked = [{ ...choose, options: many, write_ins: 0, max: 2 }, ...questions.slice(1)]

test.before(async context => {
  await begin(context, { seed: 43, weights: [1, 2, 1], questions: asked })
  const { election } = context.world
  for (const voter of [0, 1, 2]) {
    election.vote(voter, 0, { is: 'choose', chosen: [voter, 59], written: [] })
    election.vote(voter, 1, { is: 'rank', ranks: [1, 2, 3] })
    election.vote(voter, 2, { is: 'score', scores: [10, 0, 3] })
    election.vote(voter, 3, { is: 'grade', grades: [0, 1, 2] })
    election.vote(voter, 4, { is: 'list', list: 0, preferred: [0] })
  }
  await election.run(24)
  await election.close()
})

test.after(end)

/** Where a word is on its page, in points. */
interface Word {
  readonly text: string
  readonly xMin: number
  readonly xMax: number
  readonly yMin: number
  readonly yMax: number
}

interface Sheet {
  readonly width: number
  readonly height: number
  readonly words: readonly Word[]
}

/** Reads the words of a PDF, and where each is. */
function sheetsOf(file: string): readonly Sheet[] {
  const text = execFileSync('pdftotext', ['-bbox', file, '-'], { encoding: 'utf8' })
  return text
    .split('<page ')
    .slice(1)
    .map(page => {
      const [, width = '', height = ''] = /width="([\d.]+)" height="([\d.]+)"/.exec(page) ?? []
      const words = [
        ...page.matchAll(
          /<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">([^<]*)</g,
        ),
      ]
      return {
        width: Number(width),
        height: Number(height),
        words: words.map(([, xMin, yMin, xMax, yMax, word = '']) => ({
          ...{ xMin: Number(xMin), yMin: Number(yMin), xMax: Number(xMax), yMax: Number(yMax) },
          text: word
            .replaceAll('&amp;', '&')
            .replaceAll('&lt;', '<')
            .replaceAll('&gt;', '>')
            .replaceAll('&quot;', '"'),
        })),
      }
    })
}

/** Takes white space out: a long word stands on several lines. */
const closed = (text: string): string => text.replaceAll(/\s+/g, '')

for (const [locale, texts, format, colorScheme] of [
  ['en-US', en, 'A4', 'light'],
  ['de-DE', de, 'Letter', 'dark'],
] as const)
  (hasReader ? test : test.skip)(
    `${locale}, ${format}: title, figures, trackers and the id are on paper, whole, and no button`,
    async ({ browser, world, place }) => {
      const { election } = world
      const { page, complaints } = await world.visit(browser, `audit/${election.id}`, { locale, colorScheme })
      await press(page, texts.audit.here)
      await page.locator('.result').waitFor()
      const cells = await page.locator('.result td, .result th, .result caption').allTextContents()
      assert.ok(cells.length > 4 * 60, 'the control: there are figures')
      const file = join(place, `result-${locale}.pdf`)
      writeFileSync(file, await page.pdf({ format, preferCSSPageSize: false }))
      const sheets = sheetsOf(file)
      assert.ok(sheets.length >= 2, 'it takes several pages')
      const edge = 28
      for (const [i, { width, height, words }] of sheets.entries())
        for (const { text, xMin, xMax, yMin, yMax } of words)
          assert.ok(
            xMin >= edge && xMax <= width - edge && yMin >= edge && yMax <= height - edge,
            `page ${i + 1}: ${text} is cut at the edge`,
          )
      const all = closed(sheets.flatMap(({ words }) => words.map(({ text }) => text)).join(''))
      assert.match(all, closed(`${texts.result.title}: An election`))
      assert.match(all, election.id, 'the fingerprint')
      // Every figure of every table; what takes several lines stands in its column
      const columns = closed(
        sheets
          .map(({ words }) => {
            const left = Math.min(...words.map(({ xMin }) => xMin))
            return words
              .filter(({ xMin }) => xMin < left + 6)
              .map(({ text }) => text)
              .join('')
          })
          .join(''),
      )
      assert.match(columns, long)
      for (const cell of new Set(cells.map(closed)))
        if (cell !== '') assert.ok(all.includes(cell) || columns.includes(cell), `${cell} is missing`)
      const audit = election.members[0]?.audit
      if (audit === undefined) throw new Error('nobody has followed it')
      for (const chain of chainsOf(audit.board, election.definition, election.roll))
        for (const { row } of ballotsOf(audit, chain)?.messages ?? [])
          assert.match(all, trackerOf(row), 'a tracker is missing')
      const { csv, json, html, folder, print } = texts.result
      for (const name of [csv, json, html, folder, print, texts.audit.here, texts.sections.prepare])
        assert.not.ok(all.includes(closed(name)), `${name} is printed`)
      assert.not.ok(all.includes(closed(texts.audit.checks.log)), 'the checks are for the screen')
      // A dark screen prints on white: nothing is painted behind
      await page.emulateMedia({ media: 'print', colorScheme })
      const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor')
      assert.is(ground, 'rgb(255, 255, 255)')
      assert.is(
        await page.evaluate("getComputedStyle(document.querySelector('.result')).color"),
        'rgb(0, 0, 0)',
      )
      assert.equal(complaints.all, [])
      await page.context().close()
    },
  )

test.run()
