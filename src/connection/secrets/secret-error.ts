/** A key or token cannot be had. Its message never holds one. */
export class SecretError extends Error {}
