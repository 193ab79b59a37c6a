// The fields of a question that an administrator writes.

import type { JSX } from 'preact'
import { methodsOf } from '../../voting/index.ts'
import { Choice } from '../parts/choice.tsx'
import { Check, Field } from '../parts/field.tsx'
import { type Kind, kinds, ofKind, type QuestionDraft } from './question-draft.ts'
import { te } from './texts.ts'

interface QuestionEditorProps {
  readonly at: number
  readonly draft: QuestionDraft
  readonly onChange: (draft: QuestionDraft) => void
  /** Undefined where it is the only one. */
  readonly onRemove: (() => void) | undefined
}

/** Names the fields that are numbers, by kind. */
const numbers: Readonly<
  Record<Kind, readonly ('min' | 'max' | 'writeIns' | 'most' | 'preferences' | 'seats')[]>
> = {
  choose: ['min', 'max', 'writeIns', 'seats'],
  rank: ['min', 'seats'],
  score: ['most', 'seats'],
  grade: ['seats'],
  list: ['preferences', 'seats'],
}

export function QuestionEditor({ at, draft, onChange, onRemove }: QuestionEditorProps): JSX.Element {
  const texts = te().prepare
  const change = (part: Partial<QuestionDraft>): void => onChange({ ...draft, ...part })
  const { kind, methods } = draft
  return (
    <fieldset class="question">
      <legend>{texts.question(at + 1)}</legend>
      <Field label={texts.text} value={draft.text} onInput={text => change({ text })} required />
      <Choice
        label={texts.kind}
        value={kind}
        of={kinds}
        nameOf={name => texts.kinds[name as Kind]}
        onChange={name => onChange(ofKind(draft, name as Kind))}
      />
      <Field
        label={kind === 'list' ? texts.lists : texts.options}
        value={draft.options}
        onInput={options => change({ options })}
        hint={kind === 'list' ? texts.listsHint : texts.optionsHint}
        rows={4}
        required
      />
      {kind === 'grade' && (
        <>
          <Field
            label={texts.grades}
            value={draft.grades}
            onInput={grades => change({ grades })}
            hint={texts.gradesHint}
            rows={3}
            required
          />
          <Choice
            label={texts.median}
            value={draft.median}
            of={['worse', 'better']}
            nameOf={name => texts.medians[name as 'worse' | 'better']}
            onChange={median => change({ median: median as 'worse' | 'better' })}
          />
        </>
      )}
      <div class="inline">
        {numbers[kind].map(name => (
          <Field
            key={name}
            label={texts.numbers[name]}
            type="number"
            value={draft[name]}
            onInput={value => change({ [name]: value })}
          />
        ))}
      </div>
      <fieldset>
        <legend>{texts.methods}</legend>
        {methodsOf[kind].map(method => (
          <Check
            key={method}
            label={te().result.methods[method]}
            checked={methods.includes(method)}
            onChange={isOn =>
              change({ methods: isOn ? [...methods, method] : methods.filter(each => each !== method) })
            }
          />
        ))}
      </fieldset>
      {kind === 'rank' && (
        <Check label={texts.ties} checked={draft.ties} onChange={ties => change({ ties })} />
      )}
      <Check label={texts.blank} checked={draft.blank} onChange={blank => change({ blank })} />
      {onRemove !== undefined && (
        <button type="button" class="danger" onClick={onRemove}>
          {texts.remove(at + 1)}
        </button>
      )}
    </fieldset>
  )
}
