// A process for the test of the replay store: admits tags of one key as fast as it can, and prints how many of them
// were journaled before it is killed. Not a test itself. Arguments: folder, first tag.

import { systemClock } from '../link/clock.ts'
import { folderFiles } from '../node/files.ts'
import { replayStore } from '../node/replay.ts'
import { systemRandom } from '../sphinx/random.ts'

const [folder, first] = [process.argv[2] as string, Number(process.argv[3])]
const replay = replayStore({
  files: await folderFiles(folder, systemClock),
  random: systemRandom,
  tagsPerKey: 1_000_000,
})
await replay.open(5)
for (let n = first; ; n += 10) {
  for (let i = n; i < n + 10; i++) {
    const tag = new Uint8Array(32)
    new DataView(tag.buffer).setUint32(28, i)
    if (replay.admit(5, tag) !== 'new') throw new Error(`tag ${i} was there before`)
  }
  await replay.flush()
  // from here on these packets may have left
  process.stdout.write(`${n + 10}\n`)
}
