// Voters from a spreadsheet, in whatever way people's programs write one: with or without a byte order mark, in UTF-8,
// UTF-16 or Windows' Western code page, with commas, semicolons, tabs or bars, quoted cells with line ends in them,
// any line ends, with or without a line of names, and Excel's line `sep=;`.

import { parse } from 'csv-parse/sync'
import { csvText, unguarded } from '../../encoding/csv.ts'
import { VotingError } from '../../voting/index.ts'

/** A voter as the register has it. */
export interface Registered {
  readonly name: string
  /** Empty where there is none. */
  readonly mail: string
  readonly weight: number
  /** Line of the file, from 1 on. */
  readonly line: number
}

/** A voter with the code that was drawn for them. */
export type Invited = Pick<Registered, 'name' | 'mail' | 'weight'> & { readonly code: string }

/**
 * Writes voters with their codes, for whoever hands these out, and nobody else.
 *
 * @param linkOf gives the address that a voter opens; without it there is no such column
 */
export function codesText(voters: readonly Invited[], linkOf?: (code: string) => string): string {
  const named = linkOf === undefined ? [] : ['link']
  return csvText([
    ['name', 'mail', 'weight', 'code', ...named],
    ...voters.map(({ name, mail, weight, code }) => [
      name,
      mail,
      weight,
      code,
      ...(linkOf === undefined ? [] : [linkOf(code)]),
    ]),
  ])
}

/** A voter with a code, as a file of codes has them. */
export type Coded = Pick<Registered, 'name' | 'mail' | 'line'> & {
  readonly code: string
  readonly link: string | undefined
}

/**
 * Reads what `codesText` wrote, also after a spreadsheet has saved it in its own way.
 *
 * @throws VotingError BAD_VOTERS that names the line
 */
export function readCodes(bytes: Uint8Array): Coded[] {
  const [text, skipped, said] = withoutSep(decoded(bytes))
  const [head, ...rows] = rowsOf(text, said)
  const at = (name: string): number => head?.cells.findIndex(cell => cell.toLowerCase() === name) ?? -1
  const [name, mail, code, link] = ['name', 'mail', 'code', 'link'].map(at) as [
    number,
    number,
    number,
    number,
  ]
  if (name < 0 || mail < 0 || code < 0) throw wrong(1 + skipped, 'want the columns name, mail and code')
  return rows.map(({ cells, line }) => {
    const cell = (at: number): string => unguarded(oneLine(cells[at] ?? ''))
    return {
      name: cell(name),
      mail: mailIn(cell(mail), line + skipped),
      line: line + skipped,
      code: cell(code),
      link: cell(link) === '' ? undefined : cell(link),
    }
  })
}

/** Has no line ends: nothing of it begins another line of a letter's head. */
function oneLine(cell: string): string {
  return cell.replaceAll(/\s+/g, ' ').trim()
}

/** @throws VotingError BAD_VOTERS */
function mailIn(cell: string, line: number): string {
  if (cell !== '' && !isMail(cell)) throw wrong(line, `${cell}: is no mail address`)
  return cell
}

const delimiters = [',', ';', '\t', '|']
const weightAtMost = 1_000_000
/** Lists what people call the columns, in lower case and without accents. */
const names: Readonly<Record<'name' | 'first' | 'mail' | 'weight', readonly string[]>> = {
  name: [
    'name',
    'full name',
    'voter',
    'last name',
    'surname',
    'nom',
    'nachname',
    'apellido',
    'apellidos',
    'cognome',
  ],
  first: ['first name', 'given name', 'prenom', 'vorname', 'nombre', 'nome'],
  mail: ['mail', 'email', 'e-mail', 'email address', 'e-mail address', 'courriel', 'correo'],
  weight: ['weight', 'votes', 'shares', 'poids', 'gewicht', 'stimmen', 'peso'],
}

interface Row {
  readonly cells: readonly string[]
  readonly line: number
}

/**
 * Reads voters.
 *
 * @throws VotingError BAD_VOTERS that names the line
 */
export function readVoters(bytes: Uint8Array): Registered[] {
  const [text, skipped, said] = withoutSep(decoded(bytes))
  const rows = rowsOf(text, said).map(row => ({ ...row, line: row.line + skipped }))
  const [first] = rows
  if (first === undefined) throw wrong(1, 'want a voter at least')
  const columns = columnsIn(first)
  const voters = (columns.isNamed ? rows.slice(1) : rows).map(row => voterIn(row, columns))
  if (voters.length === 0) throw wrong(first.line, 'want a voter at least')
  const seen = new Map<string, number>()
  for (const { name, mail, line } of voters) {
    const who = mail === '' ? `name ${name}` : mail.toLowerCase()
    const before = seen.get(alike(who))
    if (before !== undefined) throw wrong(line, `${who}: stands in line ${before} too`)
    seen.set(alike(who), line)
  }
  return voters
}

/** Gives one text for all that people take for the same: in other forms of Unicode, and with what nobody sees in it. */
function alike(text: string): string {
  return text
    .normalize('NFKC')
    .replaceAll(/\p{Cf}/gu, '')
    .toLowerCase()
}

function wrong(line: number, why: string): VotingError {
  return new VotingError('BAD_VOTERS', `line ${line}: ${why}`)
}

/** Reads the bytes of a text: by its mark, by where its zeros are, as UTF-8, or else as Windows' Western code page. */
function decoded(bytes: Uint8Array): string {
  const [a, b] = bytes
  const zeros = (from: number): number =>
    bytes.subarray(0, 1000).filter((byte, i) => i % 2 === from && byte === 0).length
  const isMost = (count: number): boolean => count > Math.min(bytes.length, 1000) / 4
  if ((a === 0xff && b === 0xfe) || isMost(zeros(1))) return new TextDecoder('utf-16le').decode(bytes)
  if ((a === 0xfe && b === 0xff) || isMost(zeros(0))) return new TextDecoder('utf-16be').decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

/** Takes Excel's first line off, which says what stands between cells. */
function withoutSep(text: string): [text: string, lines: number, delimiter: string | undefined] {
  const found = /^"?sep=(.)"?(\r\n|\r|\n)/i.exec(text)
  return found === null ? [text, 0, undefined] : [text.slice(found[0].length), 1, found[1]]
}

/** Reads the cells by whichever delimiter gives the most columns that all rows have. */
function rowsOf(text: string, said: string | undefined): Row[] {
  let best: { readonly rows: Row[]; readonly columns: number } | undefined
  let failure: unknown
  for (const delimiter of said === undefined ? delimiters : [said]) {
    try {
      const rows = cellsOf(text, delimiter)
      const columns = rows.length === 0 ? 0 : Math.min(...rows.map(({ cells }) => cells.length))
      if (best === undefined || columns > best.columns) best = { rows, columns }
    } catch (error) {
      failure ??= error
    }
  }
  if (best !== undefined) return best.rows
  const { lines = 1, message } = failure as { readonly lines?: number; readonly message: string }
  throw wrong(lines, message.charAt(0).toLowerCase() + message.slice(1))
}

function cellsOf(text: string, delimiter: string): Row[] {
  const records = parse(text, {
    delimiter,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
  }) as unknown as { readonly record: string[]; readonly info: { readonly lines: number } }[]
  return records
    .map(({ record, info }) => ({ cells: record, line: info.lines }))
    .filter(({ cells }) => cells.some(cell => cell !== ''))
}

interface Columns {
  readonly isNamed: boolean
  readonly name: number
  readonly first: number
  readonly mail: number
  readonly weight: number
}

function columnsIn({ cells }: Row): Columns {
  const plain = cells.map(cell =>
    cell
      .normalize('NFD')
      .replaceAll(/\p{M}/gu, '')
      .toLowerCase()
      .replaceAll(/[\s_]+/g, ' ')
      .trim(),
  )
  const at = (of: keyof typeof names): number => plain.findIndex(cell => names[of].includes(cell))
  const found = { name: at('name'), first: at('first'), mail: at('mail'), weight: at('weight') }
  if (Object.values(found).some(place => place !== -1)) return { isNamed: true, ...found }
  const mail = cells.findIndex(isMail)
  const weight = cells.findIndex(cell => /^\d+$/.test(cell))
  const name = cells.findIndex((_, i) => i !== mail && i !== weight)
  return { isNamed: false, name, first: -1, mail, weight }
}

function isMail(cell: string): boolean {
  return /^[^\s@<>,;]+@[^\s@<>,;]+$/.test(cell)
}

function voterIn({ cells, line }: Row, columns: Columns): Registered {
  const cell = (at: number): string => oneLine(cells[at] ?? '')
  const name = [cell(columns.first), cell(columns.name)].filter(part => part !== '').join(' ')
  const mail = mailIn(cell(columns.mail), line)
  if (name === '' && mail === '') throw wrong(line, 'has neither a name nor a mail address')
  const said = columns.weight === -1 ? '1' : cell(columns.weight)
  if (!/^\d{1,7}$/.test(said) || Number(said) < 1 || Number(said) > weightAtMost)
    throw wrong(
      line,
      `weight ${said === '' ? '(empty)' : said}: want a whole number from 1 to ${weightAtMost}`,
    )
  return { name, mail, weight: Number(said), line }
}
