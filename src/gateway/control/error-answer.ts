import type { FastifyReply } from 'fastify';
import { errorTable, GaugewayError, messageOf } from '../../shared/errors.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { bearerChallenge } from '../policy/jwt-authenticator.ts';
import { InvalidRequest } from './zod-routes.ts';

/** Body of an error: ContextForge's (FastAPI's) `detail`, a list where a field is at fault, and our code. */
export interface ErrorBody {
  detail: string | { loc: (string | number)[]; msg: string; type: string }[];
  code: ErrorCode;
}

/** What Fastify refuses before a route is reached. No id of ours is as long as the router's bound. */
const frameworkErrors: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_JSON_BODY: 'parse_error',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'parse_error',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_request',
  FST_ERR_BAD_URL: 'invalid_request',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
};

/** The one place where the control plane's errors become answers. What was not expected is logged, never shown. */
export function answerError(error: unknown, reply: FastifyReply, logger: Logger): FastifyReply {
  const known = toKnownError(error);
  if (known === undefined) {
    const stack = error instanceof Error ? error.stack : undefined;
    logger.error('request failed', {
      method: reply.request.method,
      url: reply.request.url,
      error: messageOf(error),
      stack,
    });
    return send(reply, 'internal', 'the gateway failed; its log says why');
  }
  if (known.code === 'unauthorized') void reply.header('www-authenticate', bearerChallenge);
  return send(reply, known.code, detailOf(known));
}

function toKnownError(error: unknown): GaugewayError | undefined {
  if (error instanceof GaugewayError) return error;
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const code = frameworkErrors[String(error.code)];
  return code === undefined ? undefined : new GaugewayError(code, error.message, { cause: error });
}

function detailOf(error: GaugewayError): ErrorBody['detail'] {
  if (error instanceof InvalidRequest) {
    return error.issues.map((issue) => ({
      loc: [error.location, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))],
      msg: issue.message,
      type: issue.code,
    }));
  }
  if (error.code === 'unprocessable' && error.field !== undefined) {
    return [{ loc: ['body', error.field], msg: error.message, type: 'value_error' }];
  }
  return error.message;
}

function send(reply: FastifyReply, code: ErrorCode, detail: ErrorBody['detail']): FastifyReply {
  return reply.status(errorTable[code].httpStatus).send({ detail, code } satisfies ErrorBody);
}
