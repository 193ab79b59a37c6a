// A TOML text against a schema. Its one error line names the file, the line, the key and the fix.

import { parse, TomlError } from 'smol-toml'
import * as v from 'valibot'
import { nearest } from './nearest.ts'
import { missingDay } from './toml-days.ts'

/**
 * A file that people write and that says something wrong: the message names the file, the line, the key, and what is
 * wanted there.
 */
export class FileError extends Error {
  /** A command that helps. */
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.name = 'FileError'
    this.hint = hint
  }
}

export type Schema<T> = v.GenericSchema<unknown, T>
export type Path = readonly (string | number)[]

type WithExample<S extends v.GenericSchema> = v.SchemaWithPipe<
  readonly [S, v.MetadataAction<v.InferOutput<S>, { readonly example: string }>]
>

/**
 * A key and how one writes it, for the message when it is missing or of the wrong type.
 *
 * @param example TOML text of a value
 */
export function field<S extends v.GenericSchema>(schema: S, example: string): WithExample<S> {
  return v.pipe(schema, v.metadata({ example }))
}

/**
 * Checks a text.
 *
 * @param file stands in the messages
 * @throws FileError
 */
export function checkToml<T>(file: string, text: string, schema: Schema<T>): T {
  const result = v.safeParse(schema, parseToml(file, text))
  if (result.success) return result.output
  // A misspelt key is also a missing one; its own line says more.
  const issue = result.issues.find(isUnknownKey) ?? result.issues[0]
  const path = (issue.path ?? []).map(item => item.key as string | number)
  const problem = problemOf(schema, issue, path)
  const where = problem.missing ? lineOf(text, path.slice(0, -1)) : lineOf(text, path)
  throw new FileError(`${file}:${where}: ${keyName(path)}: ${problem.says}`)
}

function parseToml(file: string, text: string): unknown {
  try {
    const read = parse(text)
    const day = missingDay(text, read)
    if (day === undefined) return read
    const line = text.slice(0, text.indexOf(day)).split('\n').length
    throw new FileError(`${file}:${line}: ${day} is no day: its month is shorter`)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const says = (error.message.split('\n')[0] as string).replace('Invalid TOML document: ', '')
    const line = text.split('\n')[error.line - 1]?.trim() ?? ''
    const key = /^[\w."-]+(?=\s*=)/.exec(line)?.[0]
    throw new FileError(`${file}:${error.line}: ${key === undefined ? '' : `${key}: `}${says}`)
  }
}

interface Problem {
  readonly says: string
  readonly missing: boolean
}

function isUnknownKey(issue: v.BaseIssue<unknown>): boolean {
  return issue.type === 'strict_object' && issue.expected === 'never'
}

function problemOf(schema: v.GenericSchema, issue: v.BaseIssue<unknown>, path: Path): Problem {
  const example = exampleAt(schema, path)
  const like = example === undefined ? '' : `, for instance ${keyName(path.slice(-1))} = ${example}`
  if (isUnknownKey(issue)) {
    const known = keysAt(schema, path.slice(0, -1))
    const near = nearest(String(path.at(-1)), known)
    const fix = near === undefined ? `remove it (known here: ${known.join(', ')})` : `did you mean '${near}'?`
    return { says: `unknown key, ${fix}`, missing: false }
  }
  if (issue.type === 'strict_object' && issue.received === 'undefined') {
    return { says: `is missing, add it${like}`, missing: true }
  }
  if (issue.kind === 'schema') {
    return {
      says: `want ${kindOf(issue.expected ?? issue.type)}, have ${issue.received}${like}`,
      missing: false,
    }
  }
  return { says: issue.message, missing: false }
}

function kindOf(expected: string): string {
  const names: Record<string, string> = {
    string: 'text in quotes',
    number: 'a number',
    boolean: 'true or false',
    Array: 'a list in brackets',
    Date: 'a date and time',
    Object: 'a table',
  }
  return names[expected] ?? expected.replaceAll('"', "'")
}

/** The schema that a path leads to, wrappers such as `optional` taken off. */
function schemaAt(schema: v.GenericSchema, path: Path): v.GenericSchema | undefined {
  let at: unknown = schema
  for (const key of path) {
    const inner = unwrap(at)
    at = typeof key === 'number' ? inner?.item : inner?.entries?.[key]
  }
  return at as v.GenericSchema | undefined
}

interface Inner {
  readonly entries?: Readonly<Record<string, unknown>>
  readonly item?: unknown
  readonly wrapped?: unknown
  readonly pipe?: readonly unknown[]
}

function unwrap(schema: unknown): Inner | undefined {
  let at = schema as Inner | undefined
  while (at?.wrapped !== undefined) at = at.wrapped as Inner
  return at
}

function exampleAt(schema: v.GenericSchema, path: Path): string | undefined {
  const found = schemaAt(schema, path)
  const inner = unwrap(found)
  if (inner?.pipe === undefined) return undefined
  return v.getMetadata(inner as v.GenericSchema)['example'] as string | undefined
}

function keysAt(schema: v.GenericSchema, path: Path): string[] {
  return Object.keys(unwrap(schemaAt(schema, path))?.entries ?? {})
}

export function keyName(path: Path): string {
  return path
    .map((key, i) => (typeof key === 'number' ? `[${key + 1}]` : `${i > 0 ? '.' : ''}${key}`))
    .join('')
}

/**
 * The line (from 1) that a key stands on, or that of the nearest table around it. Keys inside inline tables and
 * lists count to the line on which they begin.
 */
export function lineOf(text: string, path: Path): number {
  const lines = text.split('\n')
  const seen = new Map<string, number>()
  let table: Path = []
  let best = { line: 1, depth: 0 }
  const meet = (at: Path, line: number): void => {
    let depth = 0
    while (depth < at.length && depth < path.length && at[depth] === path[depth]) depth++
    if (depth === at.length && depth > best.depth) best = { line, depth }
  }
  for (const [i, line] of lines.entries()) {
    const header = /^\s*(\[{1,2})\s*([\w.-]+)\s*\]{1,2}/.exec(line)
    const key = /^\s*"?([\w-]+)"?\s*(?:=|\.)/.exec(line)
    if (header !== null) {
      const name = header[2] as string
      table = name.split('.')
      if (header[1] === '[[') {
        const index = seen.get(name) ?? 0
        seen.set(name, index + 1)
        table = [...table, index]
      }
      meet(table, i + 1)
    } else if (key !== null) meet([...table, key[1] as string], i + 1)
  }
  return best.line
}
