// Forms that a passkey fills: they are hidden where a browser has none.
"use strict";

(() => {
  const able = window.PublicKeyCredential;
  if (!able?.parseCreationOptionsFromJSON || !able.parseRequestOptionsFromJSON) return;

  const ceremony = async (form) => {
    const answer = await fetch(form.dataset.options, {
      method: "POST",
      headers: { "X-CSRFToken": form.elements.csrf_token.value },
    });
    if (!answer.ok) throw new Error(answer.status);
    const options = await answer.json();
    return form.dataset.passkey === "create"
      ? navigator.credentials.create({ publicKey: able.parseCreationOptionsFromJSON(options) })
      : navigator.credentials.get({ publicKey: able.parseRequestOptionsFromJSON(options) });
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const problem = form.querySelector("[role=alert]");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!form.reportValidity()) return;
      problem.hidden = true;
      try {
        form.elements.credential.value = JSON.stringify(await ceremony(form));
        form.submit();
      } catch (error) {
        // What the person chose not to do, and what the device cannot, are told apart by no browser.
        problem.textContent = error.name === "InvalidStateError" ? form.dataset.known : form.dataset.failed;
        problem.hidden = false;
      }
    });
  }
})();
