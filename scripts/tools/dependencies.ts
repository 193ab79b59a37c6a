// Compares package.json with what the source imports: a package that nobody imports, one that is imported and not
// declared, one for development that the libraries import, and one that nobody has to install, since only the command
// line imports it, into which it is packed (bundle.ts).

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, normalize, relative } from 'node:path'
import { addons } from './bundle.ts'

/** Packages that another package loads by itself when they are there, and which one that is. */
const loadedBy: Readonly<Record<string, string>> = {
  '@valibot/to-json-schema': '@standard-community/standard-json',
}

const pages = 'web'

interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
  readonly bin?: Readonly<Record<string, string>>
  readonly imports?: Readonly<Record<string, unknown>>
}

/** @param root the repository */
function manifestOf(root: string): Manifest {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
}

/**
 * Lists what does not fit, a line each.
 *
 * @param root the repository
 */
export function dependencyFaults(root: string): readonly string[] {
  const manifest = manifestOf(root)
  const atRunTime = new Set(Object.keys(manifest.dependencies ?? {}))
  const forWork = new Set(Object.keys(manifest.devDependencies ?? {}))
  const libraries = reached(root, librariesOf(root))
  const installed = new Set(addons)
  const imported = new Map<string, string>()
  const faults: string[] = []
  for (const file of sources(root))
    for (const name of packagesIn(readFileSync(join(root, file), 'utf8'))) {
      if (name === manifest.name) continue
      imported.set(name, file)
      if (!atRunTime.has(name) && !forWork.has(name))
        faults.push(`${file}: imports ${name}, which is not declared`)
      else if (libraries.has(file) && !atRunTime.has(name))
        faults.push(`${file}: imports ${name}, which is declared for development only`)
      if (libraries.has(file)) installed.add(name)
    }
  const commands = new Set(Object.values(manifest.scripts ?? {}).flatMap(line => line.split(/[\s&|]+/)))
  for (const name of [...atRunTime, ...forWork])
    if (
      !imported.has(name) &&
      !isTypes(name, imported) &&
      !isCommand(root, name, commands) &&
      !isLoaded(root, name)
    )
      faults.push(`package.json: nothing imports ${name}`)
    else if (atRunTime.has(name) && !installed.has(name) && !isLoaded(root, name))
      faults.push(`package.json: no library imports ${name}: declare it for development`)
  return faults
}

/** Types of a package that has none of its own, or of Node itself. */
function isTypes(name: string, imported: ReadonlyMap<string, string>): boolean {
  return name === '@types/node' || (name.startsWith('@types/') && imported.has(name.slice('@types/'.length)))
}

/** A package that one of package.json's scripts runs, or loads before what it runs. */
function isCommand(root: string, name: string, commands: ReadonlySet<string>): boolean {
  if (commands.has(name)) return true
  const file = join(root, 'node_modules', name, 'package.json')
  const { bin = {} } = JSON.parse(readFileSync(file, 'utf8')) as { readonly bin?: string | object }
  return typeof bin !== 'string' && Object.keys(bin).some(command => commands.has(command))
}

/** Tells whether the package that is said to load it still does. */
function isLoaded(root: string, name: string): boolean {
  const loader = loadedBy[name]
  if (loader === undefined) return false
  const folder = join(root, 'node_modules', loader, 'dist')
  const texts = readdirSync(folder).map(file => readFileSync(join(folder, file), 'utf8'))
  return texts.some(text => text.includes(`'${name}'`) || text.includes(`"${name}"`))
}

/** Every source of the repository, relative to it. */
export function sources(root: string): readonly string[] {
  const { include } = configOf(root, 'tsconfig.json')
  // The pages have a configuration of their own: they run in a browser
  const folders = [...include, pages].filter(folder => existsSync(join(root, folder)))
  return folders.flatMap(folder =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile() && /\.tsx?$/.test(entry.name))
      .map(entry => relative(root, join(entry.parentPath, entry.name)))
      .filter(file => !file.includes('node_modules')),
  )
}

/**
 * Lists the sources that are built and shipped: what tsconfig.build.json names, what is packed, and what these import,
 * in Node and in browsers.
 */
export function shippedSources(root: string): ReadonlySet<string> {
  return reached(root, [...librariesOf(root), ...packedOf(root)])
}

const librariesOf = (root: string): readonly string[] => configOf(root, 'tsconfig.build.json').include

function packedOf(root: string): readonly string[] {
  return Object.values(manifestOf(root).bin ?? {}).map(file => relative('dist', file).replace(/\.js$/, '.ts'))
}

/** Gives sources with all that they import. */
function reached(root: string, from: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>()
  const reach = (file: string): void => {
    if (found.has(file)) return
    found.add(file)
    for (const [, path = ''] of readFileSync(join(root, file), 'utf8').matchAll(
      /['"](\.\.?\/[^'"]*\.ts)['"]/g,
    ))
      reach(normalize(join(dirname(file), path)))
    for (const path of standsFor(file)) reach(path)
  }
  const { imports = {} } = manifestOf(root)
  /** Finds the sources that a file imports by a name of the package's own, wherever they run. */
  const standsFor = (file: string): readonly string[] =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/ '(#[a-z]+)'/g)].flatMap(([, name = '']) =>
      [...JSON.stringify(imports[name] ?? {}).matchAll(/"\.\/([^"]*(?<!\.d)\.ts)"/g)].map(
        match => match[1] as string,
      ),
    )
  for (const file of from) reach(file)
  return found
}

function configOf(root: string, file: string): { readonly include: readonly string[] } {
  return JSON.parse(readFileSync(join(root, file), 'utf8'))
}

/**
 * Names of packages that a source imports, without what is relative, a part of Node, or a path of the package's own.
 */
export function packagesIn(source: string): ReadonlySet<string> {
  const specifiers = source.matchAll(/(?:^|[^\w.])(?:from|import)\s*\(?\s*'([^'.#][^']*)'/gm)
  const names = [...specifiers].flatMap(([, specifier = '']) => {
    if (isBuiltin(specifier)) return []
    const parts = specifier.split('/')
    return [parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/')]
  })
  return new Set(names.filter(name => /^(@[\w.-]+\/)?[\w.-]+$/.test(name)))
}

if (process.argv[1] === import.meta.filename) {
  const faults = dependencyFaults(join(import.meta.dirname, '..', '..'))
  for (const fault of faults) console.error(fault)
  if (faults.length > 0) process.exitCode = 1
}
