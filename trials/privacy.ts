// npm run trial -- payment-privacy (trials/payment-privacy).

import { privacyTrial } from './payment-privacy/payment-privacy.ts'

process.exitCode = await privacyTrial(process.argv.slice(2))
