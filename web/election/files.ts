// Public folders as a browser hands them over: a folder of files, or one archive of them.

import { readArchive } from './archive.ts'
import type { File as FileOf } from './work.ts'

/** Reads what was chosen: the files of a folder by their names in it, or those of an archive. */
export async function filesIn(chosen: readonly File[]): Promise<readonly FileOf[]> {
  const [first] = chosen
  if (chosen.length === 1 && first?.name.endsWith('.tar') === true)
    return readArchive(new Uint8Array(await first.arrayBuffer()))
  return await Promise.all(
    chosen.map(async file => ({
      // The folder's own name is the reader's
      name: (file.webkitRelativePath || file.name).replace(/^[^/]*\//, ''),
      bytes: new Uint8Array(await file.arrayBuffer()),
    })),
  )
}
