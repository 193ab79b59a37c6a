// The worker of the page of surveys.

import { serve } from '../public/serve.ts'
import type { Work } from './work.ts'
import { worksFor } from './works.ts'

serve<Work, never>(base => {
  const works = worksFor(base)
  return () => works
})
