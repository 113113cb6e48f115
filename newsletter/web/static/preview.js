// The rows of a table change in place. Without this script the same links and the same form
// load the page again, which shows the same.
"use strict";

(() => {
  const WAIT = 250; // milliseconds after the last key
  let latest = 0;

  // What a form asks for: its fields that are filled in.
  const asked = (form) => {
    const filled = [...new FormData(form)].filter(([, value]) => value !== "");
    return new URLSearchParams(filled);
  };

  const partOf = (preview, query) => {
    const wanted = new URLSearchParams(query);
    wanted.delete("_table");
    return `${preview.dataset.rows}?${wanted}`;
  };

  // Where the reader is in the part: it is drawn anew, and they go on there.
  const remembered = (preview) => {
    const active = preview.contains(document.activeElement) ? document.activeElement : null;
    const open = preview.querySelector("details")?.open;
    const left = preview.querySelector(".scroll")?.scrollLeft;
    const inputs = active?.name ? { name: active.name, at: active.selectionStart } : null;
    const text = active?.matches("a") ? active.textContent : null;
    return () => {
      const details = preview.querySelector("details");
      if (details && open) details.open = true;
      const scroll = preview.querySelector(".scroll");
      if (scroll && left) scroll.scrollLeft = left;
      if (inputs) {
        const field = preview.querySelector(`[name="${CSS.escape(inputs.name)}"]`);
        field?.focus({ preventScroll: true });
        if (field?.setSelectionRange && typeof inputs.at === "number") {
          field.setSelectionRange(inputs.at, inputs.at);
        }
      } else if (text) {
        const link = [...preview.querySelectorAll("a")].find((a) => a.textContent === text);
        (link ?? scroll)?.focus({ preventScroll: true });
      }
    };
  };

  const show = async (preview, address, remember) => {
    const turn = ++latest;
    const url = new URL(address, location.href);
    preview.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(partOf(preview, url.search));
      if (answer.status === 503) {
        // Others are asking: in a moment there is room again.
        await new Promise((later) => setTimeout(later, 1000 * (answer.headers.get("Retry-After") || 5)));
        if (turn === latest) await show(preview, address, remember);
        return;
      }
      if (!answer.ok) throw new Error(answer.status);
      const html = await answer.text();
      if (turn !== latest) return; // a later question has gone out
      const restore = remembered(preview);
      preview.innerHTML = html;
      restore();
      if (remember) history[remember](null, "", url);
    } catch {
      if (turn === latest) location.assign(url); // the page itself says what is wrong
    } finally {
      preview.removeAttribute("aria-busy");
    }
  };

  const addressOf = (form) => {
    const url = new URL(form.getAttribute("action"), location.href);
    url.search = asked(form);
    return url;
  };

  for (const preview of document.querySelectorAll(".preview")) {
    let timer;
    preview.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-part]");
      if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      show(preview, link.href, "pushState");
    });
    preview.addEventListener("submit", (event) => {
      event.preventDefault();
      clearTimeout(timer);
      show(preview, addressOf(event.target), "pushState");
    });
    preview.addEventListener("input", (event) => {
      const form = event.target.form;
      clearTimeout(timer);
      timer = setTimeout(() => form.isConnected && show(preview, addressOf(form), "replaceState"), WAIT);
    });
  }

  addEventListener("popstate", () => {
    const named = new URLSearchParams(location.search).get("_table");
    for (const preview of document.querySelectorAll(".preview")) {
      const isNamed = named
        ? preview.dataset.rows.split("/").at(-2) === encodeURIComponent(named)
        : preview.id === "preview";
      if (isNamed) show(preview, location.href);
    }
  });
})();
