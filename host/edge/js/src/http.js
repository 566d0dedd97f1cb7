// Sends a request of the component, and says what became of it in the component's words.

/** What a timer can wait at most, in milliseconds. */
export const LONGEST_MS = 2 ** 31 - 1;

// Node tells by a code why there is no answer; browsers and workers do not, and then nobody knows
// whether the request arrived.
const UNREACHABLE = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;
const TLS = /CERT|^ERR_TLS|^ERR_SSL|^UNABLE_TO_|SIGNATURE/;

function reason(error) {
  if (error?.name === "TimeoutError") return "timed-out";
  const code = String(error?.cause?.code ?? "");
  if (UNREACHABLE.test(code)) return "unreachable";
  return TLS.test(code) ? "tls-failed" : "lost";
}

export async function send(fetch, { method, url, headers, body, timeoutMs }) {
  try {
    const signal = AbortSignal.timeout(Math.min(Number(timeoutMs), LONGEST_MS));
    const answer = await fetch(url, { method, headers, body, signal, redirect: "manual" });
    if (answer.type === "opaqueredirect") throw new Error("the REST proxy redirects: configure the address it names");
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return { tag: "answered", val: { status: answer.status, headers: [...answer.headers], body: bytes } };
  } catch (error) {
    const message = String(error?.cause ?? error);
    return { tag: "failed", val: { reason: reason(error), message } };
  }
}
