/** A text as PostgreSQL can hold it: without the character 0 and without halves of characters. Names of models come from clients. */
export const storableText = (text: string): string => text.replaceAll('\u0000', '\ufffd').toWellFormed()
