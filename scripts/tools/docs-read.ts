// Reads with the compiler itself what the package exports: each name with its declaration, its docstring and what it
// throws.

import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type * as ast from 'typescript/unstable/ast'
import * as is from 'typescript/unstable/ast/is'
import { API, type Checker, type Symbol as Named, type Project, SymbolFlags } from 'typescript/unstable/sync'

export interface Docs {
  /** Markdown in front of the tags. */
  readonly text: string
  readonly tags: readonly { readonly name: string; readonly text: string }[]
}

/** A function, method, property or constant, with its docstring. */
export interface Entry {
  readonly name: string
  /** The declaration without a body. */
  readonly declaration: string
  readonly docs: Docs
  /** Codes of errors that its own body throws. */
  readonly throws: readonly string[]
}

export interface Export extends Entry {
  readonly kind: 'function' | 'class' | 'interface' | 'type' | 'constant'
  /** Public members of a class. */
  readonly members: readonly Entry[]
  /** Relative to the repository. */
  readonly file: string
}

/** A subpath of the package, such as `client` of `chaffinch/client`. */
export interface Page {
  readonly path: string
  /** The comment at the head of its file. */
  readonly head: string
  readonly exports: readonly Export[]
}

/** @param root the repository */
export function readPackage(root: string): readonly Page[] {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Readonly<Record<string, string | { readonly types: string }>>
  }
  const api = new API({ cwd: root })
  try {
    const [project] = api.updateSnapshot({ openProjects: [join(root, 'tsconfig.json')] }).getProjects()
    if (project === undefined) throw new Error(`${root}: no tsconfig.json`)
    return Object.entries(exports).flatMap(([path, target]) =>
      typeof target === 'string' ? [] : [readPage(root, project, pageOf(path), sourceOf(target.types))],
    )
  } finally {
    api.close()
  }
}

/** The root's page has the package's name. */
function pageOf(path: string): string {
  return path === '.' ? 'chaffinch' : path.slice(2)
}

/** `./dist/client/index.d.ts` is made from client/index.ts. */
function sourceOf(types: string): string {
  return types.replace('./dist/', '').replace(/\.d\.ts$/, '.ts')
}

function readPage(root: string, { program, checker, ...project }: Project, path: string, file: string): Page {
  const source = program.getSourceFile(join(root, file))
  const module = source && checker.getSymbolAtLocation(source)
  if (source === undefined || module === undefined) throw new Error(`${file}: exports nothing`)
  const head = /^(?:\/\/.*\n)+/.exec(source.text)?.[0] ?? ''
  return {
    path,
    head: head.replaceAll(/^\/\/ ?/gm, '').replace(/^chaffinch(\/\w+)?: /, ''),
    exports: checker
      .getExportsOfModule(module)
      .map(symbol => readExport(root, { program, checker, ...project } as Project, symbol))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  }
}

function readExport(root: string, project: Project, exported: Named): Export {
  const { checker } = project
  const symbol = exported.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
  const node = symbol.declarations[0]?.resolve(project)
  if (node === undefined) throw new Error(`${exported.name}: no declaration`)
  return {
    ...entry(checker, exported.name, symbol, node),
    kind: kindOf(node),
    members: is.isClassDeclaration(node) ? membersOf(checker, node) : [],
    file: relative(root, node.getSourceFile().fileName),
  }
}

function entry(checker: Checker, name: string, symbol: Named, node: ast.Node): Entry {
  const tags = symbol.getJsDocTags(checker).map(tag => ({ name: tag.name, text: tag.text ?? '' }))
  return {
    name,
    declaration: declarationOf(node),
    docs: { text: symbol.getDocumentationComment(checker), tags },
    throws: thrownBy(node),
  }
}

function kindOf(node: ast.Node): Export['kind'] {
  if (is.isFunctionDeclaration(node)) return 'function'
  if (is.isClassDeclaration(node)) return 'class'
  if (is.isInterfaceDeclaration(node)) return 'interface'
  return is.isTypeAliasDeclaration(node) ? 'type' : 'constant'
}

/** Without what is private, or marked as the package's own. */
function membersOf(checker: Checker, node: ast.ClassDeclaration): Entry[] {
  return [...node.members].flatMap(member => {
    const { name } = member as { readonly name?: ast.Node }
    const symbol = name && checker.getSymbolAtLocation(name)
    if (name === undefined || symbol === undefined) return []
    const read = entry(checker, name.getText(), symbol, member)
    const hidden = read.name.startsWith('#') || /^private\b/.test(read.declaration)
    return hidden || read.docs.tags.some(tag => tag.name === 'internal') ? [] : [read]
  })
}

/** The longest value that is shown with a constant. */
const mostValue = 60

/** The source text up to the body; of a class its first line; of a constant its value where that is short. */
function declarationOf(node: ast.Node): string {
  const { text } = node.getSourceFile()
  const start = node.getStart()
  if (is.isVariableDeclaration(node)) {
    const value = node.initializer?.getText() ?? ''
    const type = node.type === undefined ? '' : `: ${node.type.getText()}`
    return `const ${node.name.getText()}${type}${value.length > mostValue ? '' : ` = ${value}`}`
  }
  const { body, initializer } = node as { readonly body?: ast.Node; readonly initializer?: ast.Node }
  const opened = is.isClassDeclaration(node) ? text.indexOf('{', start) : (body ?? initializer)?.getStart()
  const indent = ' '.repeat(start - text.lastIndexOf('\n', start) - 1)
  return text
    .slice(start, opened ?? node.end)
    .replace(/[\s=]+$/, '')
    .replaceAll(`\n${indent}`, '\n')
    .replace(/^export /, '')
}

/** Functions inside are left out: they throw when they are called. */
function thrownBy(node: ast.Node): string[] {
  const { body } = node as { readonly body?: ast.Node }
  const codes = new Set<string>()
  const look = (at: ast.Node): void => {
    if (is.isFunctionLikeDeclaration(at)) return
    const code = is.isThrowStatement(at) && /^throw new \w*Error\(\s*'([A-Z_]+)'/.exec(at.getText())?.[1]
    if (code) codes.add(code)
    at.forEachChild(look)
  }
  body?.forEachChild(look)
  return [...codes]
}
