// Between the cells and the server: every change goes into the queue first, then is sent, and
// leaves the queue when the server has saved it. What is refused stays, with its reason.

import { keyOf } from "./book.js";

let stamps = 0;
const stamp = () => `${Date.now()}-${Math.random().toString(36).slice(2)}-${stamps++}`;

export class Desk {
  constructor({ book, queue, title, announce, changed }) {
    Object.assign(this, { book, queue, title, announce, changed });
    this.sent = new Set(); // stamps of entries that were sent at least once from this page
    this.undone = [];
    this.done = [];
  }

  /** What the person means the cell to say: what waits, else what the server has. */
  meant(figure, field) {
    return this.queue.get(figure.key)?.[field] ?? figure.saved[field];
  }

  /** Take [{figure, field, value}] as one step that can be undone. Returns how many differ. */
  take(changes, { remember = true } = {}) {
    const step = [];
    let taken = 0;
    for (const { figure, field, value } of changes) {
      const before = this.meant(figure, field);
      // What was refused and is typed again is asked again: an earlier month may be right by now.
      const isAgain = value === before && this.queue.get(figure.key)?.held?.outcome === "refused";
      if (!figure.isOpen || (value === before && !isAgain)) continue;
      if (!isAgain) step.push({ figure, field, before, after: value });
      this.#enter(figure, field, value);
      taken += 1;
    }
    if (step.length && remember) {
      this.done.push(step);
      this.undone = [];
    }
    if (taken) this.changed();
    return taken;
  }

  undo() {
    return this.#step(this.done, this.undone, "before");
  }

  redo() {
    return this.#step(this.undone, this.done, "after");
  }

  #step(from, to, side) {
    const step = from.pop();
    if (!step) return null;
    to.push(step);
    this.take(
      step.map(({ figure, field, [side]: value }) => ({ figure, field, value })),
      { remember: false },
    );
    this.changed();
    return step;
  }

  #enter(figure, field, value) {
    const waiting = this.queue.get(figure.key);
    const quarrel = waiting?.held?.outcome === "conflict" ? waiting.held : null;
    const isBack = value === (quarrel ?? figure.saved)[field];
    const others = field === "text" ? "note" : "text";
    this.book.show(figure, field, value);
    if (isBack && (!waiting || waiting.held || !waiting.tried)) {
      // As the server has it: nothing to send, and no quarrel left.
      if (quarrel) {
        this.drop(figure);
        return;
      }
      this.#clear(figure, field);
      if (waiting?.[others] === undefined) this.queue.remove(figure.key);
      else this.#put(figure, { [others]: waiting[others] });
      return;
    }
    const entry = { [field]: value };
    if (waiting?.[others] !== undefined) entry[others] = waiting[others];
    this.#put(figure, entry, waiting?.held ? undefined : waiting);
    if (field === "text") this.book.kind(figure, value === "" ? "missing" : "typed");
    this.book.say(figure, "", "");
    this.#markWaiting(figure);
  }

  #put(figure, content, earlier) {
    this.queue.put(figure.key, {
      report: figure.report,
      indicator: figure.indicator,
      unit: figure.unit,
      base: earlier?.base ?? figure.version,
      tried: earlier?.tried ?? 0,
      ...content,
      at: Date.now(),
      stamp: stamp(),
      where: `${this.title}: ${figure.name}`,
    });
  }

  #clear(figure, field) {
    this.book.show(figure, field, figure.saved[field]);
    this.book.mark(figure, field, "");
    this.book.say(figure, "", "");
    if (field === "text") this.book.kind(figure, figure.state ?? (figure.saved.text ? "reported" : "missing"));
  }

  /** Entries to send: those that are not held back by a refusal. Counts the attempt. */
  pending() {
    return this.queue.all().filter(([, entry]) => !entry.held);
  }

  held() {
    return this.queue.all().filter(([, entry]) => entry.held);
  }

  /** Called with what goes out, so that an answer that got lost is recognised later. */
  trying(batch) {
    for (const [key, entry] of batch) {
      const now = this.queue.get(key);
      if (now) this.queue.put(key, { ...now, tried: (now.tried ?? 0) + 1 });
    }
  }

  answered(batch, answer) {
    batch.forEach(([key, entry], place) => this.#answer(key, entry, answer.cells[place]));
    for (const [report, around] of Object.entries(answer.beside ?? {})) this.book.beside(report, around);
    for (const [report, feet] of Object.entries(answer.totals ?? {})) this.book.totals(report, feet);
    this.changed();
  }

  #answer(key, sent, told) {
    const figure = this.book.get(key);
    const now = this.queue.get(key);
    const isSame = now?.stamp === sent.stamp;
    if (told.outcome === "saved") {
      if (figure) this.#learn(figure, told);
      if (isSame) this.queue.remove(key);
      else if (now) this.queue.put(key, { ...now, base: told.version, tried: 0 });
      if (figure && isSame) this.#settle(figure, sent, "saved");
      return;
    }
    if (told.outcome === "conflict" && told.mine && sent.tried > 0) {
      // Our own earlier attempt, whose answer was lost.
      if (now) this.queue.put(key, { ...now, base: told.version });
      return;
    }
    if (!isSame) return; // typed anew meanwhile: that will be answered
    const held = { outcome: told.outcome, message: told.message, version: told.version };
    if (told.outcome === "conflict") Object.assign(held, { text: told.text, note: told.note, who: told.who, when: told.at });
    this.queue.put(key, { ...now, held });
    if (!figure) return;
    if (told.outcome !== "conflict") this.#learn(figure, told);
    if (told.outcome === "closed") this.book.lock(figure, true);
    this.hold(figure);
    this.announce(`${figure.name}: ${this.sentence(held, now)}`);
  }

  #learn(figure, told) {
    figure.version = told.version;
    figure.saved = { text: told.text, note: told.note };
    figure.state = told.state;
  }

  #settle(figure, sent, state) {
    for (const field of ["text", "note"]) {
      if (sent[field] !== undefined) this.book.mark(figure, field, state);
      const box = figure.boxes[field];
      if (box && !box.dataset.dirty) this.book.show(figure, field, figure.saved[field]);
    }
    this.book.kind(figure, figure.state);
    this.book.say(figure, "", "");
    if (document.activeElement === figure.boxes.text && !figure.boxes.text.dataset.dirty) figure.boxes.text.select();
  }

  #markWaiting(figure) {
    const entry = this.queue.get(figure.key);
    const state = navigator.onLine ? "saving" : "waiting";
    for (const field of ["text", "note"]) {
      if (entry?.[field] !== undefined) this.book.mark(figure, field, state);
    }
  }

  /** Mark everything that waits as the sender now sees it: being saved, or waiting for it. */
  remark(state) {
    for (const [key, entry] of this.pending()) {
      const figure = this.book.get(key);
      if (!figure) continue;
      for (const field of ["text", "note"]) {
        if (entry[field] !== undefined) this.book.mark(figure, field, state === "sending" ? "saving" : "waiting");
      }
    }
  }

  sentence(held, entry) {
    if (held.outcome !== "conflict") return held.message;
    const mine = entry.text === undefined ? "ghi chú của bạn" : `«${entry.text || "trống"}»`;
    return `${held.who || "Người khác"} đã ghi «${held.text || "trống"}» lúc ${held.when}. Bạn gõ ${mine}.`;
  }

  /** Show an entry that cannot be saved as it is, and what can be done about it. */
  hold(figure) {
    const entry = this.queue.get(figure.key);
    if (!entry?.held) return;
    const state = { conflict: "conflict", closed: "closed" }[entry.held.outcome] ?? "refused";
    for (const field of ["text", "note"]) {
      if (entry[field] === undefined) continue;
      this.book.show(figure, field, entry[field]);
      this.book.mark(figure, field, state);
    }
    this.book.say(figure, state, this.sentence(entry.held, entry), this.choices(figure));
  }

  /** What a person can do about a held cell: [label, action]. */
  choices(figure) {
    const entry = this.queue.get(figure.key);
    if (!entry?.held) return [];
    if (entry.held.outcome !== "conflict") return [["Bỏ số đã gõ", () => this.drop(figure)]];
    return [
      ["Giữ số của tôi", () => this.insist(figure)],
      [`Lấy số của ${entry.held.who || "người khác"}`, () => this.drop(figure)],
    ];
  }

  insist(figure) {
    const { held, ...entry } = this.queue.get(figure.key);
    this.queue.put(figure.key, { ...entry, base: held.version, stamp: stamp() });
    this.book.say(figure, "", "");
    this.#markWaiting(figure);
    figure.boxes.text?.focus();
    this.changed();
  }

  drop(figure) {
    const entry = this.queue.get(figure.key);
    this.queue.remove(figure.key);
    if (entry?.held?.outcome === "conflict") {
      figure.version = entry.held.version;
      figure.saved = { text: entry.held.text, note: entry.held.note };
      figure.state = undefined;
    }
    for (const field of ["text", "note"]) this.#clear(figure, field);
    figure.boxes.text?.focus();
    this.changed();
  }

  /** Take what somebody else saved. A cell that is being typed in or waits keeps what it has. */
  news(told) {
    const figure = this.book.get(keyOf(told));
    if (!figure || figure.version >= told.version) return false;
    const isTyped = Object.values(figure.boxes).some((box) => box.dataset.dirty);
    if (isTyped || this.queue.get(figure.key)) {
      if (isTyped) this.book.say(figure, "changed", `${told.who} vừa ghi «${told.text || "trống"}».`);
      return false; // the base stays: saving will ask which of the two
    }
    this.#learn(figure, told);
    for (const field of ["text", "note"]) this.book.show(figure, field, figure.saved[field]);
    this.book.kind(figure, told.state);
    this.book.mark(figure, "text", "changed", `${told.who} nhập lúc ${told.at}`);
    this.book.say(figure, "changed", `${told.who} vừa nhập.`);
    return true;
  }

  /** After loading: what was left behind is shown again, and what was closed tries again. */
  restore() {
    for (const [key, entry] of this.queue.all()) {
      const figure = this.book.get(key);
      if (!figure) continue;
      if (entry.held?.outcome === "closed" && figure.isOpen) {
        const { held, ...again } = entry;
        this.queue.put(key, again);
      }
      for (const field of ["text", "note"]) {
        if (entry[field] !== undefined) this.book.show(figure, field, entry[field]);
      }
      if (this.queue.get(key).held) this.hold(figure);
      else this.#markWaiting(figure);
    }
  }
}
