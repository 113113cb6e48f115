// What goes on is shown as it goes on. Without this script the browser loads the page again.
"use strict";

(() => {
  const WAIT = 1000; // milliseconds between two looks
  const live = () => document.querySelector("#live");

  const look = async () => {
    if (!live()?.hasAttribute("data-goes-on")) return;
    try {
      const answer = await fetch(location.href);
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("#live");
      // Once it is over, a page that filled up meanwhile is shown whole.
      if (live().hasAttribute("data-then-all") && !fresh?.hasAttribute("data-goes-on")) return location.reload();
      // Whoever is on a button or a link of it would lose it.
      if (fresh && !live().contains(document.activeElement)) live().replaceWith(fresh);
    } catch {
      // The server is away, or asks to sign in: the next look says so again.
    }
    setTimeout(look, WAIT);
  };

  setTimeout(look, WAIT);
})();
