// The worker of the page of elections.

import { serve } from '../public/serve.ts'
import type { Told, Work } from './work.ts'
import { worksFor } from './works.ts'

serve<Work, Told>(worksFor)
