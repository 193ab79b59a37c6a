// A question before something that cannot be undone: the browser's own dialog, which keeps the keyboard inside.

import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { t } from './language.ts'

interface DialogProps {
  readonly title: string
  readonly children: ComponentChildren
  /** Says what the button does; without it there is only the way out. */
  readonly action?: string
  readonly onAction?: () => void
  readonly onClose: () => void
}

export function Dialog({ title, children, action, onAction, onClose }: DialogProps): JSX.Element {
  const box = useRef<HTMLDialogElement>(null)
  useEffect(() => box.current?.showModal(), [])
  return (
    <dialog ref={box} onClose={onClose} aria-labelledby="dialog-title">
      <h2 id="dialog-title">{title}</h2>
      {children}
      <div class="row">
        {action !== undefined && (
          <button type="button" class="danger" onClick={onAction}>
            {action}
          </button>
        )}
        <button type="button" onClick={() => box.current?.close()}>
          {action === undefined ? t().parts.close : t().parts.cancel}
        </button>
      </div>
    </dialog>
  )
}
