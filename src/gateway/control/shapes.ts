import { z } from 'zod';
import { errorTable } from '../../shared/errors.ts';

/** Shapes that several resources share, with the names and spelling of ContextForge's API. */

const codes = z.enum(Object.keys(errorTable));

/** Body of every error. */
export const errorShape = z
  .object({
    detail: z.union([
      z.string(),
      z.array(
        z.object({ loc: z.array(z.union([z.string(), z.number()])), msg: z.string(), type: z.string() }),
      ),
    ]),
    code: codes,
  })
  .meta({ description: 'What went wrong; a list where fields of the request are at fault' });

/** Answers by status for the documentation of a route. */
export const errorAnswers = {
  401: errorShape,
  404: errorShape,
  409: errorShape,
  422: errorShape,
  503: errorShape,
} as const;

/** Path of one resource. */
export const idParams = z.object({ id: z.string().min(1).max(100) });

/** Lists are plain arrays or, on demand, one page that holds all. */
export const listQuery = z.object({
  include_pagination: z
    .stringbool()
    .default(false)
    .meta({ description: 'Answers an object with a cursor instead of a plain array' }),
});

/** ISO 8601 in UTC. */
export const timestamp = z.string().meta({ format: 'date-time' });

/** Answer of a deletion. */
export const statusShape = z.object({ status: z.literal('success'), message: z.string() });

/** A name that a person gives. */
export const nameInput = z
  .string()
  .trim()
  .min(1)
  .max(255)
  .refine((text) => !text.includes('\0'), 'must not contain NUL');

/** Free text; null when it is left out. */
export const descriptionInput = z
  .string()
  .max(8192)
  .refine((text) => !text.includes('\0'), 'must not contain NUL')
  .nullish()
  .transform((text) => text ?? null);
