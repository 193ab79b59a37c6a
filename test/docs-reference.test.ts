// docs/api: every export is documented, and the committed pages are what the docstrings say now.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Entry, type Export, type Page, readPackage } from '../scripts/tools/docs-read.ts'
import { writeReference } from '../scripts/tools/docs-write.ts'

const root = join(import.meta.dirname, '..')
const pages = readPackage(root)
const all = pages.flatMap(({ path, exports }) => exports.map(each => ({ path, each })))

/** Says in a few words what a docstring lacks. */
function lacks({ docs, throws }: Entry): string[] {
  const text = [docs.text, ...docs.tags.map(tag => tag.text)].join('\n')
  return [
    ...(docs.text.trim().length < 10 ? ['a docstring'] : []),
    ...throws.filter(code => !text.includes(code)).map(code => `@throws ${code}`),
  ]
}

function missing(path: string, each: Export): string[] {
  const members = each.members.map(member => ({ ...member, name: `${each.name}.${member.name}` }))
  // A property says what it is by its name; a method does not
  const called = members.filter(({ declaration }) => declaration.includes('('))
  return [each, ...called].flatMap(entry =>
    lacks(entry).map(what => `chaffinch/${path} ${entry.name} (${each.file}): wants ${what}`),
  )
}

test('no export is undocumented, and what throws says so', () => {
  assert.ok(all.length > 200, `${all.length} exports`)
  assert.equal(
    all.flatMap(({ path, each }) => missing(path, each)),
    [],
  )
})

test('a missing docstring and a missing @throws are noticed', () => {
  const { each } = all[0] as (typeof all)[number]
  const bare = { ...each, members: [], docs: { text: '', tags: [] }, throws: ['BAD_LENGTH'] }
  assert.is(missing('sphinx', bare).length, 2)
})

/** Names of error classes that every program has. */
const builtIn = new Set(['Error', 'RangeError', 'TypeError', 'AbortError'])

/** Errors that a docstring of a page names after @throws and that the page does not export as a class. */
function unknownErrors({ path, exports }: Page): string[] {
  const classes = new Set(exports.filter(({ kind }) => kind === 'class').map(({ name }) => name))
  return exports.flatMap(each =>
    [each, ...each.members].flatMap(({ name, docs }) =>
      docs.tags
        .filter(tag => tag.name === 'throws')
        .flatMap(tag => tag.text.match(/\b[A-Z]\w*Error\b/g) ?? [])
        .filter(error => !builtIn.has(error) && !classes.has(error))
        .map(
          error =>
            `chaffinch/${path}: ${each.name} ${name} throws ${error}, which the subpath does not export`,
        ),
    ),
  )
}

test('every error that a public function throws is a class that its subpath exports', () => {
  assert.equal(pages.flatMap(unknownErrors), [])
})

test('an error that is not exported is noticed', () => {
  const page = pages.find(({ path }) => path === 'client') as Page
  const exports = page.exports.filter(({ name }) => name !== 'ClientError')
  assert.ok(unknownErrors({ ...page, exports }).length > 5)
})

test('the pages are those that `npm run docs` writes', () => {
  const folder = join(root, 'docs', 'api')
  const written = writeReference(pages)
  assert.equal(readdirSync(folder).sort(), [...written.keys()].sort(), 'run npm run docs')
  for (const [name, text] of written)
    assert.is(readFileSync(join(folder, name), 'utf8'), text, `docs/api/${name}: run npm run docs`)
})

test('every link of the pages leads somewhere', () => {
  const written = writeReference(pages)
  const anchors = (text: string): string[] =>
    [...text.matchAll(/^#+ (.+)$/gm)].map(match => (match[1] as string).toLowerCase())
  for (const [name, text] of written)
    for (const [, file, anchor] of text.matchAll(/\]\(([\w.]*)#(\w+)\)/g)) {
      const page = written.get(file === '' ? name : (file as string))
      assert.ok(page !== undefined && anchors(page).includes(anchor as string), `${name}: ${file}#${anchor}`)
    }
})

test.run()
