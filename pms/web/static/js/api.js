// Talking to the server: JSON, the session's cookie, and problems as texts for people.
import { text, textOrNull } from "./texts.js";

const LIMIT_MS = 15000;

/** A key that makes a repeated request the same request. Works on plain-HTTP hotel networks too. */
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Send; resolves to the answer's JSON (or null), throws a Problem with a text to show. */
export async function send(method, url, body, headers = {}) {
  let response;
  try {
    response = await fetch(url, {
      method,
      headers: { "Content-Type": "application/json", Accept: "application/json", ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(LIMIT_MS),
    });
  } catch {
    throw new Problem(text("problem.no_connection"), {});
  }
  if (response.status === 401) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Problem(explain(answer, response.status), answer ?? {});
  return answer;
}

/** What went wrong, in words. `answer` is the problem document. */
export class Problem extends Error {
  constructor(message, answer) {
    super(message);
    this.answer = answer;
  }
}

function explain(answer, status) {
  const type = String(answer?.type ?? "").split(/[/:#]/).pop();
  const head = textOrNull(`problem.${type}`) ?? answer?.title ?? text("problem.unexpected", { status });
  const reasons = (answer?.reasons ?? []).map((reason) => reason.text ?? textOrNull(`reason.${reason.code ?? reason}`) ?? reason.code ?? reason);
  const fields = (answer?.errors ?? []).map((error) => error.message).filter(Boolean);
  return [head, ...reasons, ...fields].join(" · ");
}
