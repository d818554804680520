// The sheet of a report, and of several units: puts the parts together.

import { Book } from "./book.js";
import { Desk } from "./desk.js";
import { Grid } from "./grid.js";
import { CellMenu } from "./menu.js";
import { Panel } from "./panel.js";
import { Queue } from "./queue.js";
import { Sender, sessionOf } from "./sender.js";

const PREVIEW_AFTER = 150; // milliseconds without a key
const NEWS_EVERY = 8000;
const STOPPED = new Set(["offline", "failed", "expired", "stranger"]);

const start = (table) => {
  const { user, title, cells, preview, news, signIn, report, units } = table.dataset;
  const statusLine = document.querySelector("[data-status]");
  const tray = document.querySelector("[data-tray]");
  const toHeld = document.querySelector("[data-to-held]");
  const lockedLine = document.querySelector("[data-locked]");
  const lines = [...table.querySelectorAll("[data-line]")];
  let toast = 0;
  let session = "";

  const announce = (text, { visibly = false } = {}) => {
    const line = document.getElementById("announcement");
    line.className = visibly ? "toast-line" : "visually-hidden";
    line.textContent = text;
    clearTimeout(toast);
    if (visibly) toast = setTimeout(() => (line.className = "visually-hidden"), 8000);
  };

  const book = new Book(table);
  const queue = new Queue(user);
  let sender = null;
  let isDue = false;
  let savedAt = "";
  let lastHeard = "saved";

  const changed = () => {
    if (!isDue) {
      isDue = true;
      queueMicrotask(() => {
        isDue = false;
        sender.flush();
        tell();
      });
    }
  };

  const desk = new Desk({ book, queue, title, announce, changed });

  // ---- What the page says of itself ------------------------------------------------------

  const count = () => {
    const typed = lines.filter((line) => "typed" in line.dataset);
    const answered = typed.filter(isAnswered);
    const place = document.querySelector("[data-answered]");
    if (place) place.textContent = answered.length;
  };

  const isAnswered = (line) => {
    const boxes = [...line.querySelectorAll('[data-field="text"]')];
    const isSaid = (box) => box.value !== "" && box.closest("[data-box]").dataset.state !== "refused";
    const isClosed = (box) => Boolean(units) && box.readOnly; // a month without a report
    return Boolean(line.dataset.fillable) || boxes.every((box) => isSaid(box) || isClosed(box));
  };

  const tell = () => {
    const pending = desk.pending();
    const held = desk.held();
    const here = held.filter(([key]) => book.get(key));
    const elsewhere = queue.all().filter(([key]) => !book.get(key));
    const state = pending.length ? sender.state : session || "idle";
    const waiting = `${pending.length} ô chờ gửi`;
    const now = {
      sending: `Đang lưu ${pending.length} ô…`,
      offline: `↑ ${waiting}: mất kết nối, có mạng sẽ tự gửi.`,
      failed: `↑ ${waiting}: máy chủ chưa nhận, sẽ tự gửi lại.`,
      expired: pending.length ? `↑ ${waiting}: phiên đăng nhập đã hết.` : "Phiên đăng nhập đã hết.",
      stranger: `↑ ${waiting}: trình duyệt đang đăng nhập bằng tài khoản khác.`,
    }[state];
    const words = now ?? (here.length ? `${here.length} ô cần xem lại.` : savedAt && `✓ Đã lưu hết lúc ${savedAt}.`);
    const was = statusLine.dataset.state;
    statusLine.dataset.state = now ? state : here.length ? "held" : "saved";
    if (words && statusLine.textContent !== words) statusLine.textContent = words;
    // Heard when something stops or goes on again, not at each cell on its way.
    const isNews = state !== "sending" && was !== statusLine.dataset.state;
    if (isNews && (now || STOPPED.has(lastHeard))) announce(words);
    if (isNews) lastHeard = statusLine.dataset.state;

    tray.replaceChildren();
    if (state === "expired" || state === "stranger") tray.append(link(signIn, "Đăng nhập lại"), " rồi các ô sẽ được gửi, không phải gõ lại. ");
    toHeld.hidden = here.length === 0;
    if (elsewhere.length) {
      const [, first] = elsewhere[0];
      tray.append(`${elsewhere.length} ô chưa lưu ở trang khác `, link(table.dataset.page.replace("/0/", `/${first.report}/`), first.where), ".");
    }
    if (!queue.isSafe) tray.append(" Trình duyệt không cho cất tạm: đừng đóng trang trước khi lưu xong.");
    tray.hidden = !tray.hasChildNodes();
    for (const [name, steps] of [["undo", desk.done], ["redo", desk.undone]]) {
      const button = document.querySelector(`[data-${name}]`);
      if (button) button.disabled = steps.length === 0;
    }
    count();
  };

  // ---- Typing ----------------------------------------------------------------------------

  const previewed = { timer: 0, line: null, before: null, asked: "" };

  const endPreview = () => {
    clearTimeout(previewed.timer);
    previewed.asked = "";
    for (const [place, text] of previewed.before ?? []) {
      if (place.classList.contains("is-preview")) place.textContent = text;
      place.classList.remove("is-preview");
    }
    previewed.before = null;
  };

  const typing = (box, figure) => {
    if (!box) {
      endPreview();
      return;
    }
    if (!preview || box.dataset.field !== "text") return;
    clearTimeout(previewed.timer);
    previewed.timer = setTimeout(() => ask(box, figure), PREVIEW_AFTER);
  };

  const ask = async (box, figure) => {
    const url = `${preview}?indicator=${figure.indicator}&text=${encodeURIComponent(box.value)}`;
    previewed.asked = url;
    if (!navigator.onLine) return;
    try {
      const response = await fetch(url, { redirect: "manual" });
      if (!response.ok || previewed.asked !== url || !box.dataset.dirty) return;
      const told = await response.json();
      if (previewed.asked !== url || !box.dataset.dirty) return;
      previewed.before ??= [...table.querySelectorAll("[data-beside]")].map((place) => [place, place.textContent]);
      book.say(figure, "preview", told.refused ?? "");
      if (told.beside) book.beside(figure.report, told.beside, { isPreview: true });
    } catch {
      // a preview is a courtesy: saving will say what is wrong
    }
  };

  const chosen = (box, figure) => {
    menu.follow(box);
    panel.follow(figure);
  };

  const grid = new Grid({
    book, desk, announce, chosen, typing,
    toggleDetail: () => panel.toggle(),
    openMenu: () => menu.open(),
  });

  // Before the sender looks: what is being typed belongs to what it sends.
  addEventListener("pagehide", () => grid.commit());
  document.addEventListener("visibilitychange", () => document.hidden && grid.commit());
  addEventListener("beforeunload", (event) => {
    grid.commit();
    if (!queue.isSafe) event.preventDefault();
  });

  const choices = () => {
    const figure = book.of(grid.box);
    const { fillable, fillableFrom } = grid.box.closest("[data-line]").dataset;
    const offers = [
      ["Không phát sinh (0)", () => grid.fill("0")],
      ["Không áp dụng", () => grid.fill("không áp dụng")],
      ["Chưa báo cáo (xóa)", () => grid.fill("")],
    ];
    if (fillable) offers.push([`Điền từ ${fillableFrom}: ${fillable}`, () => grid.fill((box) => box.closest("[data-line]").dataset.fillable || box.value)]);
    return [...desk.choices(figure), ...offers];
  };

  const menu = new CellMenu({ table, choices, closed: () => grid.box?.focus() });
  const panel = new Panel({ table, desk, grid });

  sender = new Sender({
    url: cells,
    user: Number(user),
    pending: () => desk.pending(),
    sending: (batch) => desk.trying(batch),
    answered: (batch, answer) => {
      desk.answered(batch, answer);
      savedAt = new Date().toLocaleTimeString("vi-VN", { hour: "2-digit", minute: "2-digit" });
      panel.refresh(batch.map(([key]) => key));
    },
    refused: ([key, entry], message) => {
      queue.put(key, { ...entry, held: { outcome: "refused", message } });
      if (book.get(key)) desk.hold(book.get(key));
    },
    changed: (state) => {
      if (state === "expired" || state === "stranger") session = state;
      else if (state === "idle" || state === "sending") session = "";
      if (state !== "idle") desk.remark(state);
      tell();
    },
  });

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s") return;
    event.preventDefault();
    grid.commit();
    const waiting = desk.pending().length;
    const held = desk.held().length;
    const kept = queue.isSafe ? ", đã cất trên máy này và sẽ tự gửi" : "";
    announce(
      waiting ? `Còn ${waiting} ô đang gửi${kept}.` : held ? `Mọi ô khác đã lưu; ${held} ô cần xem lại.` : "Mọi số đã lưu.",
      { visibly: true },
    );
    sender.flush();
  });

  toHeld.addEventListener("click", () => {
    const held = desk.held().map(([key]) => book.get(key)).filter(Boolean);
    const next = held.indexOf(book.of(grid.box ?? held[0].boxes.text)) + 1;
    grid.focus(held[next % held.length].boxes.text);
  });
  document.querySelector("[data-undo]")?.addEventListener("click", () => grid.step("undo"));
  document.querySelector("[data-redo]")?.addEventListener("click", () => grid.step("redo"));
  document.querySelector("[data-sheet-form]")?.addEventListener("submit", (event) => event.preventDefault());
  // What is not saved would not be in the report that is sent.
  document.querySelector("[data-send]")?.addEventListener("submit", (event) => {
    if (grid.box?.dataset.dirty) grid.commit();
    const unsaved = desk.pending().length + desk.held().filter(([key]) => book.get(key)).length;
    if (!unsaved) return;
    event.preventDefault();
    announce(`Chưa gửi duyệt: còn ${unsaved} ô chưa lưu. Hãy sửa, hoặc chờ lưu xong rồi gửi.`, { visibly: true });
    if (!toHeld.hidden) toHeld.click();
  });
  table.addEventListener("click", (event) => {
    const detail = event.target.closest("[data-detail-link]");
    if (!detail || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const box = detail.closest("[data-line]").querySelector("[data-cell]");
    panel.openAt(detail.href);
    if (box) panel.figure = book.of(box);
  });

  // ---- Filter ----------------------------------------------------------------------------

  const filter = document.getElementById("line-filter");
  const onlyUnanswered = document.getElementById("only-unanswered");
  const bare = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[đĐ]/g, "d").toLowerCase().trim();

  const narrow = () => {
    const words = bare(filter.value).split(/\s+/).filter(Boolean);
    for (const line of lines) {
      const isFound = words.every((word) => line.dataset.search.includes(word));
      const isWanted = !onlyUnanswered.checked || ("typed" in line.dataset && !isAnswered(line));
      line.hidden = !(isFound && isWanted);
    }
    for (const group of table.querySelectorAll("[data-group]")) {
      let line = group.nextElementSibling;
      while (line?.hidden && "line" in line.dataset) line = line.nextElementSibling;
      group.hidden = !line || !("line" in line.dataset);
    }
    const seen = lines.filter((line) => !line.hidden).length;
    announce(`${seen} dòng.`);
  };
  filter.addEventListener("input", narrow);
  filter.addEventListener("keydown", (event) => {
    const first = book.rows().flat().find(Boolean);
    if ((event.key === "Enter" || event.key === "ArrowDown") && first) {
      event.preventDefault();
      grid.focus(first);
    }
  });
  onlyUnanswered.addEventListener("change", narrow);

  // ---- What others do meanwhile ----------------------------------------------------------

  let since = table.dataset.now;
  const poll = async () => {
    if (document.hidden || !navigator.onLine) return;
    try {
      const response = await fetch(`${news}?since=${encodeURIComponent(since)}${units ? `&indicator=${units}` : ""}`, { redirect: "manual" });
      if (sessionOf(response)) {
        session = "expired";
        tell();
        return;
      }
      if (!response.ok) return;
      const told = await response.json();
      since = told.now;
      if (session === "expired" && !desk.pending().length) session = "";
      const who = [...new Set(told.cells.filter((cell) => desk.news(cell)).map((cell) => cell.who))];
      if (who.length) announce(`${who.join(", ")} vừa nhập số mới.`);
      for (const [of, around] of Object.entries(told.beside ?? {})) {
        if (!previewed.asked) book.beside(of, around);
      }
      for (const [of, feet] of Object.entries(told.totals ?? {})) book.totals(of, feet);
      state(told);
      tell();
    } catch {
      // the next round will tell
    }
  };

  let wasOpen = "isOpen" in table.dataset;
  const state = ({ is_open: isOpen, state: words, returned }) => {
    const place = document.querySelector("[data-report-state]");
    if (place) place.textContent = words;
    if (!("mayEnter" in table.dataset)) return;
    const hasClosed = wasOpen && !isOpen;
    wasOpen = isOpen;
    if (units && !hasClosed) return; // other columns are other reports
    let locked = 0;
    for (const figure of book.figures.values()) {
      if (figure.report !== Number(report)) continue;
      const mayType = isOpen || (returned ?? []).includes(figure.indicator);
      if (figure.isOpen && !mayType) {
        if (figure.boxes.text?.dataset.dirty) grid.commit();
        book.lock(figure, true);
        locked += 1;
      } else if (!figure.isOpen && mayType && !units) book.lock(figure, false);
    }
    if (locked) {
      lockedLine.textContent = `Báo cáo vừa chuyển sang «${words}» nên không sửa được số liệu nữa.`;
      lockedLine.hidden = false;
    } else if (isOpen) lockedLine.hidden = true;
  };

  setInterval(poll, NEWS_EVERY);
  document.addEventListener("visibilitychange", () => !document.hidden && poll());

  desk.restore();
  tell();
  sender.flush();
};

const link = (href, text) => Object.assign(document.createElement("a"), { href, textContent: text });

const table = document.querySelector("[data-entry]");
if (table) start(table);
