// How much somebody installs with this package, as docs/record/performance.md has it, and whether it has grown.

/** Says how much was installed: packages, this one too, and the bytes of all files. */
export interface Installed {
  readonly packages: number
  readonly megabytes: number
}

/** Growth up to this share goes without a word. */
const spare = 0.1

/** Reads the page's row of an install. @throws Error when it is not there */
export function writtenDown(page: string): Installed {
  const row = /^\| installed globally[^|]*\| (\d+) packages, ([\d.]+) MB \|$/m.exec(page)
  if (row === null) throw new Error('docs/record/performance.md: no row says how much is installed')
  return { packages: Number(row[1]), megabytes: Number(row[2]) }
}

/** Says what has grown by more than a tenth, or shrunk so that the page is out of date. */
export function grown(written: Installed, have: Installed): string[] {
  return (['packages', 'megabytes'] as const).flatMap(of => {
    const [was, is] = [written[of], have[of]]
    if (is <= was * (1 + spare) && is >= was * (1 - 2 * spare)) return []
    const much = `${Number(is.toFixed(1))} ${of}, and docs/record/performance.md 9 says ${was}`
    return [
      is > was ? `${much}: look what came in, and write it down if it is worth it` : `${much}: write it down`,
    ]
  })
}
