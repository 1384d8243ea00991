/** From the answer of GET /models to what the service has. Nothing in it is trusted. */
import type { ListedModel, ModelListing, SendOutcome } from "../catalog/request.ts";
import { failureTexts } from "../diagnostics/messages/connect.ts";
import { readRecord } from "./json.ts";
import { presentable } from "./mask.ts";

export function listingOf(outcome: SendOutcome): ModelListing {
  if (!outcome.ok) return outcome;
  const { body, status } = outcome.answer;
  const items = readRecord(body)?.["data"];
  if (!Array.isArray(items)) {
    return { ok: false, failure: { kind: "bad-answer", status, message: failureTexts.noModels() } };
  }
  return { ok: true, models: items.flatMap(listedModel) };
}

function listedModel(item: unknown): readonly ListedModel[] {
  const { id, shutdown_date: date } = readRecord(item) ?? {};
  if (typeof id !== "string" || id === "") return [];
  const isDate = typeof date === "string" && /^\d{4}-\d{2}-\d{2}$/.test(date);
  return [{ id: presentable(id).slice(0, 200), ...(isDate ? { shutdownDate: date } : {}) }];
}
