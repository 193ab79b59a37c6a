// npm run docs: writes docs/api, the reference of everything that the package exports, from the types and docstrings,
// the
// page that shows the live table, and the page of all commands.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { program } from '../program.ts'
import { commandsPage } from './commands-page.ts'
import { readPackage } from './docs-read.ts'
import { writeReference } from './docs-write.ts'
import { tablePage } from './table-page.ts'

const root = join(import.meta.dirname, '..', '..')
const folder = join(root, 'docs', 'api')
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
for (const [name, text] of writeReference(readPackage(root))) writeFileSync(join(folder, name), text)
writeFileSync(join(root, 'docs/guide/live-table.md'), tablePage())
writeFileSync(join(root, 'docs/guide/commands.md'), commandsPage(program()))
