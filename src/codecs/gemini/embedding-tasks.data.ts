import type { EmbeddingPurpose } from '../../ir/embedding.ts'

/** Google's words for what embeddings are for. Source: `TaskType` of the Gemini API, which Vertex AI shares. */
export const TASK_TYPES: Readonly<Record<EmbeddingPurpose, string>> = {
  query: 'RETRIEVAL_QUERY',
  document: 'RETRIEVAL_DOCUMENT',
  similarity: 'SEMANTIC_SIMILARITY',
  classification: 'CLASSIFICATION',
  clustering: 'CLUSTERING',
  question_answering: 'QUESTION_ANSWERING',
  fact_verification: 'FACT_VERIFICATION',
  code_query: 'CODE_RETRIEVAL_QUERY',
}

const PURPOSES = new Map<unknown, EmbeddingPurpose>(
  Object.entries(TASK_TYPES).map(([purpose, task]) => [task, purpose as EmbeddingPurpose]),
)

/** The purpose of a task type; undefined for one that nobody knows. */
export const purposeOf = (taskType: unknown): EmbeddingPurpose | undefined => PURPOSES.get(taskType)
