// How a member of a crowd is: its standing, the crowd, the paths through it, and what came of its own requests. Of no
// request is there anything to show.

import type { JSX } from 'preact'
import { Facts } from '../parts/facts.tsx'
import { count } from '../parts/format.ts'
import { t } from '../parts/language.ts'
import { commonFacts, Late } from './common.tsx'
import { type MemberStatus, sum } from './status.ts'

export function MemberView({ status }: { readonly status: MemberStatus }): JSX.Element {
  const { listed, members, paths, pathsRefused, forwarded, submitted, asked } = status
  const texts = t().operator
  return (
    <>
      <h2>{texts.how}</h2>
      <Late directory={status.directory} />
      <Facts
        of={[
          [texts.standing, listed ? texts.listed : texts.unlisted],
          [texts.crowd, texts.members(count(members))],
          ...commonFacts(status),
          [texts.paths, count(paths), texts.turnedAway(count(pathsRefused))],
          [texts.ofOthers, texts.carried(count(forwarded), count(submitted))],
          [texts.own, texts.answeredOf(count(asked.answered), count(sum(asked)))],
        ]}
      />
    </>
  )
}
