// The licences of packages whose code stands in a packed file: they go where it goes.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import type { Metafile } from 'esbuild'

export const noticesName = 'THIRD-PARTY.txt'

/** Gives the licences of the packages whose code was packed. */
export function notices(root: string, { inputs }: Metafile): string {
  const folders = new Set(Object.keys(inputs).flatMap(file => packageFolder(join(root, file)) ?? []))
  const texts = [...folders].map(folder => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      readonly [key in 'name' | 'version' | 'license']?: string
    }
    const file = readdirSync(folder).find(entry => /^licen[cs]e/i.test(entry))
    const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim()
    return `${name} ${version} (${license ?? 'see below'})\n\n${text}\n`
  })
  const line = `\n${'-'.repeat(80)}\n\n`
  return `The files in this folder contain code of these packages.\n${line}${texts.sort().join(line)}`
}

/** Finds the folder of the package that a file of node_modules belongs to. */
function packageFolder(file: string): string | undefined {
  if (!file.includes(`${sep}node_modules${sep}`)) return undefined
  let folder = dirname(file)
  while (!hasName(folder)) folder = dirname(folder)
  return folder
}

/** A package may have manifests without a name in folders of its own, which only say of what kind modules are. */
function hasName(folder: string): boolean {
  const file = join(folder, 'package.json')
  if (!existsSync(file)) return false
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly name?: string }).name !== undefined
}
