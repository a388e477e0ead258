import { open, type FileHandle } from 'node:fs/promises'
import type { CapturedBody } from './store.ts'

export interface EncryptedFileOptions {
  readonly path: string
  /** Public keys of age. */
  readonly recipients: readonly string[]
  /** Asked before bytes are taken; false cuts the body. */
  readonly admit: (bytes: number) => boolean
}

/** Bytes that may wait for the disk. */
const MOST_WAITING = 4 * 1024 * 1024

/**
 * A body that is encrypted while it comes and written behind it. Whoever writes never waits: when the disk cannot follow, the rest of the
 * body is left out. The file is readable, for whoever has the key, as far as it was ended.
 */
export class EncryptedFile implements CapturedBody {
  /** Resolves when the file is complete, with whether the whole body is in it. Never rejects. */
  readonly done: Promise<boolean>
  private readonly options: EncryptedFileOptions
  private controller!: ReadableStreamDefaultController<Uint8Array>
  private isWhole = true
  private isEnded = false

  constructor(options: EncryptedFileOptions) {
    this.options = options
    const plain = new ReadableStream<Uint8Array>(
      { start: (controller) => void (this.controller = controller) },
      new ByteLengthQueuingStrategy({ highWaterMark: MOST_WAITING }),
    )
    this.done = this.pump(plain).then(
      () => this.isWhole,
      () => {
        // The disk is full or gone: the call goes on, and the body counts as cut.
        this.isEnded = true
        return false
      },
    )
  }

  write(bytes: Uint8Array): void {
    if (this.isEnded) return
    if ((this.controller.desiredSize ?? 0) <= 0 || !this.options.admit(bytes.length)) {
      this.isWhole = false
      this.end()
      return
    }
    // Whoever hands them over may use the memory again.
    this.controller.enqueue(new Uint8Array(bytes))
  }

  end(): void {
    if (this.isEnded) return
    this.isEnded = true
    this.controller.close()
  }

  /** The library is loaded with the first body: nobody else needs it. */
  private async pump(plain: ReadableStream<Uint8Array>): Promise<void> {
    const { path, recipients } = this.options
    const { Encrypter } = await import('age-encryption')
    const encrypter = new Encrypter()
    for (const recipient of recipients) encrypter.addRecipient(recipient)
    const encrypted = await encrypter.encrypt(plain)
    const file = await open(path, 'wx', 0o600)
    try {
      await writeAll(file, encrypted)
    } finally {
      await file.close()
    }
  }
}

async function writeAll(file: FileHandle, chunks: ReadableStream<Uint8Array>): Promise<void> {
  const reader = chunks.getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read()) await file.writeFile(next.value)
}

/** Whether the text is a public key that bodies can be encrypted to. */
export async function isRecipient(text: string): Promise<boolean> {
  const { Encrypter } = await import('age-encryption')
  try {
    new Encrypter().addRecipient(text)
    return text.startsWith('age1')
  } catch {
    // Whatever is wrong with it, it is no key.
    return false
  }
}
