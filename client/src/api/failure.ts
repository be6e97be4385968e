interface ErrorBody {
  error: string;
  error_code: string;
  message: string;
  details: Record<string, unknown>;
  request_id: string | null;
}

/** What the server says of one field of a body. */
export interface FieldError {
  field: string;
  remedy: string;
}

/** An error as the server words it, or one that kept us from reaching it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Record<string, unknown>,
    readonly requestId: string | null,
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** The server's words by field, for showing each where it belongs. */
  get fields(): FieldError[] {
    const { errors, field, remedy } = this.details;
    if (Array.isArray(errors)) return errors.filter(isFieldError);
    const only = { field, remedy: typeof remedy === "string" ? remedy : this.message };
    return isFieldError(only) ? [only] : [];
  }
}

function isFieldError(value: unknown): value is FieldError {
  const { field, remedy } = (value ?? {}) as Record<string, unknown>;
  return typeof field === "string" && typeof remedy === "string";
}

export function isErrorBody(value: unknown): value is ErrorBody {
  const { error_code: code, message } = (value ?? {}) as Record<string, unknown>;
  return typeof code === "string" && typeof message === "string";
}

export function errorOf(status: number, body: unknown): ApiError {
  if (isErrorBody(body)) {
    return new ApiError(status, body.error_code, body.message, body.details, body.request_id);
  }
  return new ApiError(
    status,
    `http_${status}`,
    `The server answered ${status} without saying why.`,
    {},
    null,
  );
}

export function unreachable(): ApiError {
  const sentence = "The server does not answer. Is it running? This page tries again by itself.";
  return new ApiError(0, "unreachable", sentence, {}, null);
}
