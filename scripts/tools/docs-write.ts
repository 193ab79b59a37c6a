// The reference of the package's exports as Markdown, one page for each subpath.

import type { Docs, Entry, Export, Page } from './docs-read.ts'

const titles: Readonly<Record<Export['kind'], string>> = {
  function: 'Functions',
  class: 'Classes',
  interface: 'Interfaces',
  type: 'Types',
  constant: 'Constants',
}

const made = '<!-- Made by `npm run docs` from the docstrings: edit those. -->'

/** Text of each file of docs/api by its name. */
export function writeReference(pages: readonly Page[]): ReadonlyMap<string, string> {
  const known = new Map(
    pages.flatMap(({ path, exports }) => exports.map(({ name }) => [name, `${path}.md#${anchor(name)}`])),
  )
  return new Map([
    ['README.md', contents(pages)],
    ...pages.map(page => {
      const own = page.exports.map(({ name }) => [name, `${page.path}.md#${anchor(name)}`] as const)
      return [`${page.path}.md`, writePage(page, new Map([...known, ...own]))] as const
    }),
  ])
}

function contents(pages: readonly Page[]): string {
  const rows = pages.map(
    ({ path, head, exports }) =>
      `| [${importOf(path)}](${path}.md) | ${exports.length} | ${sentence(head)} |`,
  )
  return [
    '# Reference',
    made,
    'What each subpath of the package exports; [the tutorial](../guide/tutorial.md) shows how one begins. The interface for other languages is described in\n' +
      '[spec/client-http.md](../spec/client-http.md#15-http-api) and by the daemon itself, at `GET /openapi.json`.',
    ['| import from | exports | |', '|---|---|---|', ...rows].join('\n'),
    '',
  ].join('\n\n')
}

/** The root's page has the package's name. */
function importOf(path: string): string {
  return path === 'chaffinch' ? path : `chaffinch/${path}`
}

function writePage({ path, head, exports }: Page, known: ReadonlyMap<string, string>): string {
  const sections = (Object.keys(titles) as Export['kind'][]).flatMap(kind => {
    const those = exports.filter(each => each.kind === kind)
    return those.length === 0
      ? []
      : [`## ${titles[kind]}`, ...those.flatMap(each => writeExport(path, each, known))]
  })
  return [`# ${importOf(path)}`, made, head.trim(), ...sections, ''].join('\n\n')
}

function writeExport(path: string, each: Export, known: ReadonlyMap<string, string>): string[] {
  const parts = [
    `### ${each.name}`,
    ...entry(each),
    ...each.members.flatMap(member => [`#### ${each.name}.${member.name}`, ...entry(member)]),
  ]
  const named = new Set([each, ...each.members].flatMap(({ declaration }) => names(declaration)))
  named.delete(each.name)
  const links = [...named].sort().flatMap(name => {
    const target = known.get(name)
    return target === undefined ? [] : [`[${name}](${target.replace(`${path}.md#`, '#')})`]
  })
  return [
    ...parts,
    `In [${each.file}](../../${each.file})${links.length === 0 ? '' : `, with ${links.join(', ')}`}.`,
  ]
}

function entry({ declaration, docs }: Entry): string[] {
  return [`\`\`\`ts\n${declaration}\n\`\`\``, ...(docs.text === '' ? [] : [docs.text]), ...tagged(docs)]
}

function tagged({ tags }: Docs): string[] {
  const lines = tags.map(({ name, text }) => {
    if (name === 'param') return `- ${text.replace(/^(\S+)/, '`$1`:')}`
    if (name === 'throws') return `- throws ${text}`
    return name === 'returns' ? `- gives ${text}` : `- ${name}: ${text}`
  })
  return lines.length === 0 ? [] : [lines.map(line => line.replaceAll('\n', '\n  ')).join('\n')]
}

/** Words of a declaration that could name a type, comments left out. */
function names(declaration: string): string[] {
  return declaration.replaceAll(/\/\*[\s\S]*?\*\//g, '').match(/\b[A-Z]\w+\b/g) ?? []
}

/** The first sentence. */
function sentence(text: string): string {
  return text
    .replaceAll('\n', ' ')
    .replace(/(\.|:) .*$/, '.')
    .trim()
}

function anchor(name: string): string {
  return name.toLowerCase()
}
