// Rates over time, from the counters that the role has.

import type { JSX } from 'preact'
import { Chart } from '../parts/chart.tsx'
import { t } from '../parts/language.ts'
import { history, type Status } from './status.ts'

export function RatesView({ status }: { readonly status: Status }): JSX.Element {
  const rates = history.rates.value
  const texts = t().operator
  return (
    <>
      <h2>{texts.rates}</h2>
      {status.role === 'authority' ? (
        <Chart title={texts.refusals} rates={rates} lines={[{ name: 'refused', label: texts.refused }]} />
      ) : status.role === 'member' ? (
        <Chart
          title={texts.requests}
          rates={rates}
          lines={[
            { name: 'forwarded', label: texts.forwarded },
            { name: 'submitted', label: texts.submitted },
            { name: 'asked', label: texts.asked },
          ]}
        />
      ) : (
        <Chart
          title={texts.packets}
          rates={rates}
          lines={[
            { name: 'received', label: texts.received },
            { name: 'forwarded', label: texts.forwarded },
            { name: 'stored', label: texts.stored },
            { name: 'dropped', label: texts.dropped },
          ]}
        />
      )}
      <Chart
        title={texts.bytes}
        rates={rates}
        lines={[
          { name: 'bytesIn', label: texts.in },
          { name: 'bytesOut', label: texts.out },
        ]}
      />
    </>
  )
}
