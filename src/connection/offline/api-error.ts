/**
 * The errors this stand-in for the API answers with. Thrown anywhere in this folder, turned into an HTTP response
 * at its only door (offline.ts); nothing outside ever sees the class.
 */

export class ApiError extends Error {
  readonly status: number;
  readonly code: string | null;
  readonly param: string | null;

  constructor(status: number, code: string | null, message: string, param: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
  }
}

/** The API's own words for a request it cannot accept. */
export function invalidRequest(message: string, param: string | null, code: string | null = null): ApiError {
  return new ApiError(400, code, message, param);
}

const wayOut =
  "Configure a connection with an API key, or one to an OpenAI-compatible server (base URL), for this call.";

/** For everything a large model could do and this connection cannot. `reason` is a sentence. */
export function notAvailableOffline(reason: string, param: string | null = null): ApiError {
  return new ApiError(400, "not_available_offline", `${reason} ${wayOut}`, param);
}

/** `part` is a name of packages.ts. */
export function missingPart(part: string): ApiError {
  return new ApiError(
    400,
    "not_available_offline",
    `The offline models for ${part} are not installed. "callsql offline install ${part}" brings them.`,
  );
}

export function modelNotFound(requested: string, offline: string): ApiError {
  return new ApiError(
    404,
    "model_not_found",
    `The model '${requested}' does not exist on the offline connection. Use '${offline}', or a connection with an API key.`,
    "model",
  );
}
