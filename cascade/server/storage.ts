// The Controller's storage (docs/spec/cascade.md 8): an embedded SQLite file, or PostgreSQL by its address. Requests in
// their order, and blobs in parts of a megabyte, so that a stretch of one is read without the rest.

import { createClient } from '@libsql/client/sqlite3'
import { and, asc, between, count, eq, gte } from 'drizzle-orm'
import type { LibSQLDatabase } from 'drizzle-orm/libsql'
import { drizzle } from 'drizzle-orm/libsql/sqlite3'
import { drizzle as drizzlePostgres } from 'drizzle-orm/node-postgres'
import * as postgres from 'drizzle-orm/pg-core'
import * as sqlite from 'drizzle-orm/sqlite-core'
import pg from 'pg'
import { concat } from '../../encoding/bytes.ts'
import type { Journal, Written } from '../journal.ts'
import { type SignedRequest, sha256Hex } from '../signed.ts'

const partBytes = 1_048_576
/** Rows of one statement: SQLite takes 32,766 values. */
const rowsAtOnce = 1000

const inSqlite = {
  entries: sqlite.sqliteTable('cascade_entries', {
    place: sqlite.integer().primaryKey(),
    request: sqlite.text().notNull(),
  }),
  blobs: sqlite.sqliteTable('cascade_blobs', {
    hash: sqlite.text().primaryKey(),
    length: sqlite.integer().notNull(),
  }),
  parts: sqlite.sqliteTable(
    'cascade_parts',
    {
      hash: sqlite.text().notNull(),
      part: sqlite.integer().notNull(),
      bytes: sqlite.blob({ mode: 'buffer' }).notNull(),
    },
    ({ hash, part }) => [sqlite.primaryKey({ columns: [hash, part] })],
  ),
}
type Tables = typeof inSqlite
type Database = Pick<LibSQLDatabase, 'select' | 'insert' | 'transaction'>

const bytea = postgres.customType<{ data: Buffer }>({ dataType: () => 'bytea' })
const inPostgres = {
  entries: postgres.pgTable('cascade_entries', {
    place: postgres.integer().primaryKey(),
    request: postgres.text().notNull(),
  }),
  blobs: postgres.pgTable('cascade_blobs', {
    hash: postgres.text().primaryKey(),
    length: postgres.integer().notNull(),
  }),
  parts: postgres.pgTable(
    'cascade_parts',
    { hash: postgres.text().notNull(), part: postgres.integer().notNull(), bytes: bytea().notNull() },
    ({ hash, part }) => [postgres.primaryKey({ columns: [hash, part] })],
  ),
}

/** Makes the tables where they are not there. */
const tablesOf = (bytes: 'blob' | 'bytea'): readonly string[] => [
  'create table if not exists cascade_entries (place integer primary key, request text not null)',
  'create table if not exists cascade_blobs (hash text primary key, length integer not null)',
  `create table if not exists cascade_parts
    (hash text not null, part integer not null, bytes ${bytes} not null, primary key (hash, part))`,
]

/**
 * Opens a Controller's storage.
 *
 * @param place the path of an SQLite file, which is made, or `postgres://…`
 */
export async function openStorage(place: string): Promise<Journal> {
  return /^postgres(ql)?:/.test(place) ? await openPostgres(place) : await openSqlite(place)
}

async function openSqlite(file: string): Promise<Journal> {
  const client = createClient({ url: `file:${file}` })
  // A writer and readers do not wait for each other; every commit reaches the disk before it is said.
  for (const line of ['pragma journal_mode = wal', 'pragma synchronous = full', ...tablesOf('blob')])
    await client.execute(line)
  return new Storage(drizzle(client), inSqlite, async () => client.close())
}

async function openPostgres(url: string): Promise<Journal> {
  const pool = new pg.Pool({ connectionString: url, max: 4 })
  // A connection that ends while nobody uses it is made anew when somebody does.
  pool.on('error', () => {})
  for (const line of tablesOf('bytea')) await pool.query(line)
  // The two dialects have one grammar of queries; their types have no common one.
  const database = drizzlePostgres(pool) as unknown as Database
  return new Storage(database, inPostgres as unknown as Tables, async () => await pool.end())
}

class Storage implements Journal {
  readonly close: () => Promise<void>
  readonly #database: Database
  readonly #tables: Tables

  constructor(database: Database, tables: Tables, close: () => Promise<void>) {
    this.#database = database
    this.#tables = tables
    this.close = close
  }

  async append(from: number, written: readonly Written[]): Promise<void> {
    const { entries, blobs, parts } = this.#tables
    const rows = written.map(({ request }, i) => ({ place: from + i, request: JSON.stringify(request) }))
    const fresh = new Map(written.flatMap(each => each.blobs).map(blob => [sha256Hex(blob), blob]))
    await this.#database.transaction(async within => {
      const [there] = await within.select({ size: count() }).from(entries).where(gte(entries.place, from))
      if (there?.size !== 0) throw new Error('journal: somebody else has written into it')
      for (const [hash, blob] of fresh) {
        await within.insert(blobs).values({ hash, length: blob.length })
        for (let at = 0; at < blob.length; at += partBytes) {
          const bytes = Buffer.from(blob.subarray(at, at + partBytes))
          await within.insert(parts).values({ hash, part: at / partBytes, bytes })
        }
      }
      for (let at = 0; at < rows.length; at += rowsAtOnce)
        await within.insert(entries).values(rows.slice(at, at + rowsAtOnce))
    })
  }

  async entries(from: number, most: number): Promise<readonly SignedRequest[]> {
    const { entries } = this.#tables
    const rows = await this.#database
      .select({ request: entries.request })
      .from(entries)
      .where(gte(entries.place, from))
      .orderBy(asc(entries.place))
      .limit(most)
    return rows.map(({ request }) => JSON.parse(request) as SignedRequest)
  }

  async blob(hash: string): Promise<Uint8Array | undefined> {
    const { blobs } = this.#tables
    const [row] = await this.#database.select().from(blobs).where(eq(blobs.hash, hash))
    return row === undefined ? undefined : await this.#read(hash, 0, row.length)
  }

  async stretch(hash: string, from: number, to: number): Promise<Uint8Array | undefined> {
    const { blobs } = this.#tables
    const [row] = await this.#database.select().from(blobs).where(eq(blobs.hash, hash))
    return row === undefined ? undefined : await this.#read(hash, from, Math.min(to, row.length))
  }

  async #read(hash: string, from: number, to: number): Promise<Uint8Array> {
    const { parts } = this.#tables
    const first = Math.floor(from / partBytes)
    const rows = await this.#database
      .select({ bytes: parts.bytes })
      .from(parts)
      .where(and(eq(parts.hash, hash), between(parts.part, first, Math.floor(to / partBytes))))
      .orderBy(asc(parts.part))
    const all = concat(rows.map(({ bytes }) => bytes))
    return all.subarray(from - first * partBytes, to - first * partBytes)
  }

  async lengths(): Promise<ReadonlyMap<string, number>> {
    const { blobs } = this.#tables
    const rows = await this.#database.select().from(blobs)
    return new Map(rows.map(({ hash, length }) => [hash, length]))
  }
}
