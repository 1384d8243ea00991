/** Asks the connection's service which models it has, for sys_models. */
import { fail } from "../diagnostics/diagnostic.ts";
import type { ApiFailure } from "../catalog/request.ts";
import type { Workspace } from "./workspace.ts";

export async function refreshModels(workspace: Workspace, signal: AbortSignal): Promise<void> {
  const connection = (await workspace.findConnection()) ?? fail("connect/none", {});
  const timeoutMs = workspace.options.timeoutMs(connection);
  const listing = await connection.listModels?.({ signal, timeoutMs });
  if (listing === undefined) return fail("connect/no-model-list", { name: connection.name });
  if (!listing.ok) return failListing(connection.name, listing.failure);
  workspace.models.listed = listing.models;
}

function failListing(name: string, { kind, status, message, hint }: ApiFailure): never {
  if (kind === "cancelled") fail("call/cancelled", {});
  if (kind === "network") fail("connect/unreachable", { message, attempts: 1 });
  if (kind === "redirect") fail("connect/redirect", { message });
  if (kind === "proxy") fail("connect/proxy-refused", { message, hint });
  const isUnasked = kind === "credentials";
  if (isUnasked || status === 401 || status === 403) fail("connect/refused", { message, isUnasked });
  fail("connect/no-model-list", { name, message });
}
