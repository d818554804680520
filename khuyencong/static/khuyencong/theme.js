// Runs in <head>, before the first paint: light or dark as this person chose, else as the system has it.
// Without this file every page is light.
(() => {
  "use strict";
  const root = document.documentElement;
  const systemDark = window.matchMedia("(prefers-color-scheme: dark)");

  const stored = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // storage may be forbidden
    }
  };

  const apply = () => {
    root.dataset.bsTheme = stored() || (systemDark.matches ? "dark" : "light");
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      button.setAttribute("aria-pressed", String(root.dataset.bsTheme === "dark"));
    }
  };

  root.classList.add("js");
  apply();
  systemDark.addEventListener("change", apply);
  window.addEventListener("storage", apply); // the other open tabs
  document.addEventListener("DOMContentLoaded", apply);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const chosen = root.dataset.bsTheme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("theme", chosen);
    } catch {
      root.dataset.bsTheme = chosen;
      return;
    }
    apply();
  });
})();
