import { validateHeaderName, validateHeaderValue } from 'node:http';
import { z } from 'zod';

/** `name=value` pairs as in W3C Baggage, percent-encoded, separated by commas. No message repeats a value: it may be a secret. */
export const otlpHeaders = () =>
  z
    .string()
    .transform((text, context) => {
      const headers: Record<string, string> = {};
      for (const pair of text.split(',').filter((each) => each.trim() !== '')) {
        const at = pair.indexOf('=');
        try {
          const name = pair.slice(0, Math.max(0, at)).trim().toLowerCase();
          const value = decodeURIComponent(pair.slice(at + 1).trim());
          validateHeaderName(name);
          validateHeaderValue(name, value);
          headers[name] = value;
        } catch (error) {
          if (!(error instanceof URIError || error instanceof TypeError)) throw error;
          context.addIssue('must be name=value pairs, percent-encoded and separated by commas');
          return z.NEVER;
        }
      }
      return headers;
    })
    .optional();
