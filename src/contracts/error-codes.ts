/** One entry of the closed list of codes. `status` is the HTTP status; codes that only sockets use have one too, for uniformity. */
export interface ErrorCodeFacts {
  readonly status: number;
  readonly retryable: boolean;
  /** Fixed, safe text: never a value that the client sent. */
  readonly message: string;
}

const fatal = (status: number, message: string): ErrorCodeFacts => ({ status, retryable: false, message });
const passing = (status: number, message: string): ErrorCodeFacts => ({ status, retryable: true, message });

/** The closed list of `docs/protocol.md`, section 5. */
export const ERROR_CODES = {
  INPUT_INVALID: fatal(422, 'The input does not fit the contract.'),
  JSON_INVALID: fatal(400, 'The body is not valid JSON.'),
  BODY_TOO_LARGE: fatal(413, 'The body is too large.'),
  HOST_UNKNOWN: fatal(421, 'This host name is not served here.'),
  MEDIA_TYPE_UNSUPPORTED: fatal(415, 'Send application/json, uncompressed.'),
  NOT_FOUND: fatal(404, 'There is no such thing here.'),
  METHOD_NOT_ALLOWED: fatal(405, 'This method is not allowed here.'),
  ORIGIN_FORBIDDEN: fatal(403, 'Requests from this origin are refused.'),
  CSRF_INVALID: fatal(403, 'The CSRF token is missing or does not belong to this session.'),
  UNAUTHENTICATED: fatal(401, 'There is no valid session.'),
  LOGIN_FAILED: fatal(401, 'The e-mail address or the password is wrong.'),
  TOKEN_INVALID: fatal(400, 'The token is unknown, used or expired.'),
  FORBIDDEN: fatal(403, 'This is not allowed.'),
  SUSPENDED: fatal(403, 'This account is suspended.'),
  RATE_LIMITED: passing(429, 'Too many requests.'),
  BUSY: passing(503, 'The server is busy.'),
  UNAVAILABLE: passing(503, 'The service is unavailable for a moment.'),
  INTERNAL: fatal(500, 'Something went wrong on our side.'),
  EVENT_UNKNOWN: fatal(400, 'There is no such event.'),
  SUPERSEDED: fatal(409, 'This user is connected elsewhere now.'),
  ALREADY_CHATTING: fatal(409, 'A conversation is open already.'),
  NOT_SEARCHING: fatal(409, 'There is no search to act on.'),
  CONVERSATION_ENDED: fatal(409, 'The conversation has ended.'),
  MESSAGE_ID_REUSED: fatal(409, 'This clientId was used for another text.'),
  DRAINING: passing(503, 'This process is shutting down; connect again.'),
} as const satisfies Record<string, ErrorCodeFacts>;

/** A code of the closed list. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Why one field was refused. Closed list; never carries the value. */
export type FieldErrorCode =
  'required' | 'unknown' | 'type' | 'length' | 'format' | 'choice' | 'range' | 'count' | 'conflict';

/** One refused field, by its path in the input: `seeks.genders.0`. */
export interface FieldError {
  field: string;
  code: FieldErrorCode;
}

/** The error object of sockets: in an acknowledgement, and as `err.data` of a refused handshake. */
export interface SocketError {
  code: ErrorCode;
  message: string;
  retryable: boolean;
  /** ms */
  retryAfterMs?: number;
  requestId: string;
  errors?: FieldError[];
}

/** The body of every HTTP error (RFC 9457, application/problem+json). */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: ErrorCode;
  requestId: string;
  /** ms */
  retryAfterMs?: number;
  errors?: FieldError[];
}
