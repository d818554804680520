// Sends what waits, in order, and says what it is doing: "idle", "sending", "offline", "expired"
// (nobody is signed in), "stranger" (somebody else is), "failed" (the server could not).

const MOST = 400; // cells of one request
const LONGEST_WAIT = 30_000; // milliseconds between two attempts
const PATIENCE = 20_000;
const KEPT_ALIVE = 60_000; // bytes that a browser sends after the page is gone

export const token = () => {
  const cookie = document.cookie.split("; ").find((each) => each.startsWith("csrftoken="));
  // A sign-in in another tab changes the cookie; the page's own field is then the old one.
  return cookie?.slice("csrftoken=".length) ?? document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
};

/** What an answer says about the session: "expired", or nothing. */
export const sessionOf = (response) =>
  response.type === "opaqueredirect" || response.status === 401 || response.status === 403 ? "expired" : "";

export class Sender {
  /** `pending()` gives [key, entry] to send, `sending(batch)` hears of it, `answered(batch,
   * answer)` takes them off; `refused(item, message)` is for one that cannot be read at all. */
  constructor({ url, user, pending, sending, answered, refused, changed }) {
    Object.assign(this, { url, user, pending, sending, answered, refused, changed });
    this.state = "idle";
    this.isBusy = false;
    this.attempts = 0;
    this.size = MOST;
    this.timer = 0;
    addEventListener("online", () => this.flush());
    addEventListener("offline", () => this.#become(this.pending().length ? "offline" : "idle"));
    addEventListener("focus", () => this.flush());
    document.addEventListener("visibilitychange", () => this.flush({ leaving: document.hidden }));
    addEventListener("pagehide", () => this.flush({ leaving: true }));
  }

  async flush({ leaving = false } = {}) {
    clearTimeout(this.timer);
    if (this.isBusy && !leaving) return;
    const batch = this.pending().slice(0, this.size);
    if (!batch.length) {
      if (!this.isBusy) this.#become("idle");
      return;
    }
    if (!navigator.onLine) {
      this.#become("offline");
      this.#later();
      return;
    }
    const body = JSON.stringify({
      by: this.user,
      cells: batch.map(([, { report, indicator, unit, base, text, note }]) => ({
        report, indicator, unit, base, text, note,
      })),
    });
    this.isBusy = true;
    this.sending(batch);
    this.#become("sending");
    let next = "idle";
    try {
      const response = await fetch(this.url, {
        method: "POST",
        redirect: "manual",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token() },
        keepalive: leaving && body.length < KEPT_ALIVE,
        signal: leaving ? undefined : AbortSignal.timeout(PATIENCE),
        body,
      });
      next = await this.#read(response, batch);
    } catch {
      next = navigator.onLine ? "failed" : "offline";
    }
    this.isBusy = false;
    if (next === "idle") {
      this.attempts = 0;
      if (this.pending().length) return this.flush();
    } else {
      this.#later();
    }
    this.#become(next);
  }

  async #read(response, batch) {
    if (sessionOf(response)) return sessionOf(response);
    if (response.status === 409) return "stranger";
    if (response.status === 400) {
      // One cell that cannot be read must not hold up the others.
      if (batch.length === 1) this.refused(batch[0], (await response.json()).message);
      this.size = batch.length === 1 ? MOST : 1;
      return "idle";
    }
    if (!response.ok) return "failed";
    this.answered(batch, await response.json());
    return "idle";
  }

  #later() {
    const wait = Math.min(1000 * 2 ** this.attempts++, LONGEST_WAIT);
    this.timer = setTimeout(() => this.flush(), wait);
  }

  #become(state) {
    this.state = state;
    this.changed(state);
  }
}
