/** A terminal's whole screen for as long as something is watched: no line of the shell's is lost by it. */
import { once } from 'node:events'
import type { ReadStream, WriteStream } from 'node:tty'

export interface Screen {
  /** Replaces the shown text; overlong text is cut off. */
  readonly draw: (text: string) => void
  /** `q`, Ctrl-C, or a signal that ends programs; also once it is closed. */
  readonly quit: Promise<unknown>
  /** Gives the terminal back as it was. Safe to call twice. */
  readonly close: () => void
}

/** ECMA-48 and xterm's private modes: the other screen, the cursor. */
const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
const REST_OF_LINE = '\x1b[K'
const REST_OF_SCREEN = '\x1b[J'

const CTRL_C = '\x03'
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** @param keys not a terminal: only signals end it */
export function openScreen(out: WriteStream, keys: ReadStream): Screen {
  let shown = ''
  let open = true
  const end = new AbortController()
  const draw = (text: string): void => {
    shown = text
    if (open) out.write(`${HOME}${fitted(text, out)}${REST_OF_SCREEN}`)
  }
  const redraw = (): void => draw(shown)
  const pressed = (key: Buffer): void => {
    if (/[qQ]/.test(key.toString('latin1')) || key.includes(CTRL_C)) end.abort()
  }
  const close = (): void => {
    if (!open) return
    open = false
    end.abort()
    out.off('resize', redraw)
    keys.off('data', pressed)
    if (keys.isTTY) keys.setRawMode(false)
    keys.pause()
    out.write(LEAVE)
  }
  out.write(ENTER)
  out.on('resize', redraw)
  if (keys.isTTY) keys.setRawMode(true).on('data', pressed)
  const ended = [once(end.signal, 'abort'), ...SIGNALS.map((signal) => once(process, signal))]
  return { draw, quit: Promise.race(ended), close }
}

function fitted(text: string, { columns, rows }: WriteStream): string {
  const lines = text.trimEnd().split('\n').slice(0, rows)
  return lines.map((line) => `${[...line].slice(0, columns).join('')}${REST_OF_LINE}`).join('\n')
}
