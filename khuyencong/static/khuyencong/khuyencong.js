// Small conveniences. Every page works without this file.
(() => {
  "use strict";

  // Said to screen readers; what went wrong is shown to everyone.
  const announce = (text, { visibly = false } = {}) => {
    const line = document.getElementById("announcement");
    line.className = visibly ? "toast-line" : "visually-hidden";
    line.textContent = text;
  };

  // Copying. Without a secure connection the browser has no clipboard for us: then select the text.
  const copy = async (button) => {
    const texts = [...document.querySelectorAll(button.dataset.copy)];
    const text = texts.map((each) => each.textContent.trim()).join("\n");
    try {
      await navigator.clipboard.writeText(text);
      said(button, "Đã chép");
    } catch {
      const range = document.createRange();
      range.setStartBefore(texts[0]);
      range.setEndAfter(texts[texts.length - 1]);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      said(button, "Nhấn Ctrl+C");
    }
  };

  const said = (button, text) => {
    const label = button.querySelector("[data-label]");
    button.dataset.before ??= label.textContent;
    label.textContent = text;
    announce(text);
    window.setTimeout(() => {
      label.textContent = button.dataset.before;
    }, 2000);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
    // A click elsewhere closes an open menu.
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // An address says only what narrows the list.
  document.addEventListener("htmx:configRequest", (event) => {
    for (const [name, value] of [...event.detail.formData.entries()]) {
      if (value === "") event.detail.formData.delete(name);
    }
    announce("");
  });

  // On paper nothing can be opened: notes are printed open.
  addEventListener("beforeprint", () => {
    for (const note of document.querySelectorAll("details.more")) note.open = true;
  });
  addEventListener("afterprint", () => {
    for (const note of document.querySelectorAll("details.more")) note.open = false;
  });

  // Lists that update in place. A session that ended answers with the sign-in page: go there.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const answered = new URL(event.detail.xhr.responseURL || location.href);
    const asked = new URL(event.detail.pathInfo.finalRequestPath, location.href);
    if (answered.pathname !== asked.pathname) {
      event.detail.shouldSwap = false;
      location.assign(asked);
    }
  });
  document.addEventListener("htmx:responseError", () => 
    announce("Không tải được danh sách. Hãy thử lại.", { visibly: true }),
  );
  document.addEventListener("htmx:sendError", () => 
    announce("Mất kết nối với máy chủ. Hãy thử lại.", { visibly: true }),
  );
})();
