// Every mention of a document in the repository leads somewhere: the file is there, and so is the section that is named
// beside it.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = join(import.meta.dirname, '..')

/** A document, as far as others can refer to it. */
interface Page {
  /** Numbers of sections, of the steps listed in them, and of numbered rows. */
  readonly numbers: ReadonlySet<string>
  /** Headings as they stand, without the hash signs. */
  readonly headings: readonly string[]
  readonly anchors: ReadonlySet<string>
}

function read(text: string): Page {
  const numbers = new Set<string>()
  const headings: string[] = []
  let section = ''
  for (const line of prose(text).split('\n')) {
    const heading = /^#+ (.+)$/.exec(line)?.[1]
    const number = /^(\d+(?:\.\d+)*)\.? /.exec(heading ?? '')?.[1]
    const step = /^(\d+)\. /.exec(line)?.[1]
    const row = /^\| (\d+\.\d+) \|/.exec(line)?.[1]
    if (heading !== undefined) headings.push(heading)
    if (heading !== undefined) section = number ?? ''
    if (number !== undefined) numbers.add(number)
    if (step !== undefined && section !== '') numbers.add(`${section}.${step}`)
    if (row !== undefined) numbers.add(row)
  }
  return { numbers, headings, anchors: new Set(headings.map(anchorOf)) }
}

/** Without what stands in fences. */
function prose(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, '')
}

/** As GitHub makes them. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')
}

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter(file => file !== '' && existsSync(join(root, file)) && statSync(join(root, file)).isFile())
const texts = new Map(
  tracked
    .filter(file => /\.(?:ts|md|mjs|js|json|py|java|go|c)$/.test(file) && file !== 'package-lock.json')
    .map(file => [file, readFileSync(join(root, file), 'utf8')]),
)
const documents = [...texts.keys()].filter(file => file.endsWith('.md'))
const pages = new Map(documents.map(file => [file, read(texts.get(file) as string)]))
/** The pages that are written by hand and have sections of their own. */
const numbered = documents.filter(
  file => file.startsWith('docs/') && !/^docs\/(?:api\/|README\.md$)/.test(file),
)

/** The document that `name` means in `file`: from the root; in a document also beside it, or from docs/. */
function meant(file: string, name: string): string | undefined {
  // It writes the pages of docs/api
  const at = file === 'scripts/tools/docs-write.ts' ? 'docs/api/README.md' : file
  const beside = at.endsWith('.md') || name.startsWith('.')
  const places = [
    ...(beside ? [join(dirname(at), name)] : []),
    ...(at.endsWith('.md') ? [join('docs', name)] : []),
    name,
  ]
  return places.map(place => normalize(place)).find(place => pages.has(place))
}

const number = String.raw`\d+(?:\.\d+)*`
/** A line may end between a document and its section. */
const gap = String.raw`(?: |\n[ \t]*(?:(?:\/\/|\*|#) )?)`
const mention = new RegExp(
  String.raw`(?<![\w/.@<>{}-])((?:\.\.?/)*(?:[\w-]+/)*[\w-]+\.md)(?![\w-])(#[\w-]*)?` +
    // A number behind it, or a name, which is refused
    String.raw`(?:['${'`'}]?\)?,?${gap}(?:[Ss]ections?${gap})?(${number}(?:(?:, | and | to )${number}(?![\w%]))*)|,${gap}([A-Z][a-z]+))?`,
  'g',
)

/** Lists what dangles in a text, a line each. */
function dangling(file: string, text: string): string[] {
  const found: string[] = []
  const miss = (what: string): unknown => found.push(`${file}: ${what}`)
  for (const [, name = '', , listed, named] of text.matchAll(mention)) {
    const document = meant(file, name)
    if (document === undefined) miss(`${name}: no such document`)
    else if (listed !== undefined)
      for (const each of listed.split(/, | and | to /))
        if (!pages.get(document)?.numbers.has(each)) miss(`${name} ${each}: no such section`)
    if (named !== undefined && document !== undefined && numbered.includes(document))
      miss(`${name}, ${named}: refer to a section by its number`)
  }
  if (file.endsWith('.md')) found.push(...brokenLinks(file, prose(text)))
  return found
}

function brokenLinks(file: string, text: string): string[] {
  return [...text.matchAll(/\[([^\]]*)\]\(([^)\s]+)\)/g)].flatMap(([link, label = '', target = '']) => {
    if (/^[a-z]+:/.test(target)) return []
    const [path = '', anchor] = target.split('#')
    const to = path === '' ? file : normalize(join(dirname(file), path))
    const page = pages.get(to)
    if (page === undefined && !existsSync(join(root, to))) return [`${file}: ${link}: leads nowhere`]
    if (anchor !== undefined && page !== undefined && !hasAnchor(page, anchor))
      return [`${file}: ${link}: no such heading`]
    // A link whose text is a number means that section
    const isNumber = /^\d+(?:\.\d+)*$/.test(label)
    return isNumber && !page?.numbers.has(label) ? [`${file}: ${link}: no such section`] : []
  })
}

function hasAnchor(page: Page, anchor: string): boolean {
  return page.anchors.has(anchor)
}

const rooms = [...new Set(tracked.filter(file => file.includes('/')).map(file => file.split('/')[0]))]
const path = new RegExp(
  String.raw`(?<![\w/.@-])((?:${rooms.join('|')})(?:/[\w.-]+)+\.(?:ts|mjs|toml|sh))(?![\w-])`,
  'g',
)
const bare = /(?<![\w/.@'"-])([\w-]+\.(?:ts|mjs))(?![\w-])/g
const basenames = new Set(tracked.map(file => file.split('/').at(-1)))

/** Source files that a comment or document names, by path or by name alone, and that are not there. */
function missingFiles(file: string, text: string): string[] {
  const comments = file.endsWith('.md') ? text : text.replaceAll(/^(?!\s*(?:\/\/|\/?\*)).*$/gm, '')
  // NAME stands for any
  const named = [...comments.matchAll(path)].filter(
    ([, at = '']) => !/[A-Z]{4}/.test(at) && !existsSync(join(root, at)),
  )
  const called = [...comments.matchAll(bare)].filter(([, name]) => !basenames.has(name))
  return [...named, ...called].map(([name]) => `${file}: ${name}: no such file`)
}

test('every source file that a comment or document names is there', () => {
  // The tutorial has its reader write files
  const found = [...texts]
    .filter(([file]) => file !== 'docs/guide/tutorial.md')
    .flatMap(([file, text]) => missingFiles(file, text))
  assert.equal(found, [])
  const gone = ['// as node/peeler', '// (peeler-of-old', '`node/peeler'].map(name => `${name}.ts`)
  for (const name of gone.slice(0, 2)) assert.is(missingFiles('node/node.ts', name).length, 1, name)
  assert.is(missingFiles('docs/spec/node.md', `${gone[2]}\``).length, 1)
})

/** Pages whose names begin alike are one specification, and number their sections together. */
function specification(file: string): string {
  const first = file.replace(/-[a-z]+\.md$/, '.md')
  return pages.has(first) ? first : file
}

/** The `section 4` and `(4.2)` of a document, which mean the document itself. */
function danglingInside(file: string, text: string): string[] {
  const own = pages.get(file)
  return [
    ...prose(text).matchAll(
      new RegExp(String.raw`(?<!\d{4}, )(?:[Ss]ections? (${number})|\((\d\d?\.\d\d?)[,)])`, 'g'),
    ),
  ].flatMap(([all, section, bare]) => {
    const each = section ?? bare ?? ''
    return own?.numbers.has(each) ? [] : [`${file}: ${all}: not on this page`]
  })
}

test('every document and section that is mentioned anywhere is there', () => {
  const found = [...texts].flatMap(([file, text]) => dangling(file, text))
  assert.equal(found, [])
})

test('a mention that dangles is found, in a comment, a message, a document and a link', () => {
  const md = '.md'
  const planted: [string, string, string][] = [
    ['node/node.ts', `// as docs/spec/nodes${md} has it`, 'no such document'],
    ['node/node.ts', `// sphinx${md} 4.2: from the root only`, 'no such document'],
    ['node/node.ts', `// (docs/spec/sphinx${md} 99)`, 'no such section'],
    ['node/node.ts', `// docs/spec/sphinx${md} 4.2 and 4.99`, '4.99: no such section'],
    ['node/node.ts', `// (docs/spec/sphinx${md}\n// 98.1)`, '98.1: no such section'],
    ['node/node.ts', `// docs/spec/link${md}, Conduct: how`, 'by its number'],
    ['node/node.ts', `// docs/spec/link${md}, section 77`, '77: no such section'],
    ['biome.json', `"(docs/architecture${md} 40)"`, 'no such section'],
    ['docs/spec/node.md', `[link${md}](link${md}) 90`, '90: no such section'],
    ['docs/spec/node.md', `[links](links${md})`, 'leads nowhere'],
    ['docs/spec/node.md', `[the link](link${md}#conduct)`, 'no such heading'],
    ['docs/spec/node.md', `[8.99](directory-voting${md})`, 'no such section'],
  ]
  for (const [file, text, why] of planted) assert.match(dangling(file, text).join('\n'), why, text)
  const fine: [string, string][] = [
    ['node/node.ts', `// docs/spec/sphinx${md} 4.2 and 7.4, docs/spec/link${md} 9: how`],
    ['node/node.ts', `// docs/threats${md} 3.31`],
    ['docs/spec/node.md', `[link${md}](link${md}#9-conduct) 9, [8.4](directory-voting${md})`],
  ]
  for (const [file, text] of fine) assert.equal(dangling(file, text), [], text)
})

test('a document that names a section of its own has it', () => {
  const found = numbered.flatMap(file => danglingInside(file, texts.get(file) as string))
  assert.equal(found, [])
  assert.is(danglingInside('docs/spec/node.md', 'as in section 99, and (4.2), and (4.99)').length, 2)
})

/** Lists what is wrong with the numbers of a specification's headings. */
function misnumbered(headings: readonly string[]): string[] {
  const found: string[] = []
  const seen = new Set<string>()
  let last: number[] = [0]
  for (const heading of headings) {
    if (/^(?:References|Sources)$/.test(heading)) continue
    const said = /^(?:(\d+)\. |(\d+\.\d+) )/.exec(heading)
    const said1 = said?.[1] ?? said?.[2]
    if (said1 === undefined) {
      found.push(`${heading}: no number`)
      continue
    }
    const now = said1.split('.').map(Number)
    const inside = now.length === 1 || now[0] === last[0]
    const rises = (now[0] as number) > (last[0] as number) || (now[1] ?? 0) > (last[1] ?? 0)
    if (seen.has(said1) || !inside || !rises) found.push(`${heading}: out of order`)
    seen.add(said1)
    last = now
  }
  return found
}

test('headings are numbered, in order, and no number stands twice in a specification', () => {
  const owners = new Map<string, string>()
  for (const file of numbered) {
    const { headings } = pages.get(file) as Page
    assert.equal(misnumbered(headings.slice(1)), [], file)
    for (const heading of headings.slice(1)) {
      const key = `${specification(file)} ${/^[\d.]+/.exec(heading)?.[0]}`
      if (/^(?:References|Sources)$/.test(heading)) continue
      assert.is(owners.get(key), undefined, `${key} stands in ${owners.get(key)} and ${file}`)
      owners.set(key, file)
    }
  }
  assert.equal(misnumbered(['1. One', '1.1 In one', '3. Three', 'References']), [])
  assert.equal(misnumbered(['1. One', 'Two', '1. Again', '3.1 In three']).length, 3)
})

test('docs/README.md leads to every page, and the parts of a specification stand in its first page', () => {
  const led = (from: string): string[] =>
    [...(texts.get(from) ?? '').matchAll(/\]\(([^)#]+)/g)].map(([, path = '']) =>
      normalize(join(dirname(from), path)),
    )
  const index = led('docs/README.md')
  for (const file of [...numbered, 'docs/api/README.md'])
    assert.ok(index.includes(file), `docs/README.md: no ${file}`)
  for (const file of numbered)
    if (specification(file) !== file)
      assert.ok(led(specification(file)).includes(file), `${specification(file)}: no ${file}`)
})

test.run()
