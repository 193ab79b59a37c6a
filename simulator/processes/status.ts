// The JSON of GET /status of each role, as the roles themselves describe it.

import type { ClientStatus } from '../../client/index.ts'
import type { AuthorityStatus } from '../../directory/authority/index.ts'
import type { NodeStatus } from '../../node/index.ts'
import type { MemberStatus } from '../../services/crowds/index.ts'
import type { Resources } from '../../world/resources.ts'

export type Status = (NodeStatus | AuthorityStatus | ClientStatus | MemberStatus) & {
  readonly process: Resources
}
