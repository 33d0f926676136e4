import type { JSONValue } from 'json-p3';
import { z } from 'zod';

/** What JSON can hold, as the library of JSONPath has it (it counts a missing member in). */
export type JsonValue = JSONValue;

/** Any value that JSON can hold. */
export const jsonValueSchema: z.ZodType<JsonValue> = z.json();
