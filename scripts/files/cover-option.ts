// --cover LEVEL, as `init client` and `net` read it.

import { type CoverLevel, coverLevels } from '../../client/index.ts'
import { CommandError } from '../../encoding/command-line.ts'

/** @throws CommandError USAGE */
export function coverOption(level: string): CoverLevel {
  const found = coverLevels.find(known => known === level)
  if (found === undefined)
    throw new CommandError(
      'USAGE',
      `--cover ${level}: want one of ${coverLevels.join(', ')}`,
      'chaffinch cover',
    )
  return found
}
