// The files of a form go ahead of it, one after the other, and the page says how far they are.
// What has arrived is noted in the form, so that trying again sends only what has not. Without
// this script they are sent with the form.
"use strict";

(() => {
  const form = document.querySelector("form[data-uploads]");
  const box = form.querySelector(".uploading");
  const said = box.querySelector(".upload-said");
  const percent = box.querySelector(".upload-percent");
  const bar = box.querySelector("progress");
  const stop = box.querySelector("button");
  const save = form.querySelector("button.primary");
  let running = null;

  class Problem extends Error {}

  const chosen = () =>
    [...form.querySelectorAll("input[type=file]")].filter((input) => input.files.length);

  const megabytes = (bytes) => `${Math.ceil(bytes / 1024 ** 2)} MB`;

  const far = (part) => {
    if (part === null) bar.removeAttribute("value");
    else bar.value = part;
    percent.textContent = part === null ? "" : `${Math.floor(part * 100)} %`;
  };

  const hash = async (file) => {
    if (!crypto.subtle) return null; // on plain http: it is sent without being asked for
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  const filled = (fields) => {
    const data = new FormData();
    data.append("csrf_token", form.elements.csrf_token.value);
    for (const [name, value] of Object.entries(fields)) data.append(name, value);
    return data;
  };

  // What is here already need not be sent: its note, or null.
  const known = async (file, signal) => {
    const sha256 = await hash(file);
    if (!sha256) return null;
    const body = filled({ sha256, name: file.name });
    const answer = await fetch(form.dataset.known, { method: "POST", body, signal });
    const isOurs = answer.ok && answer.headers.get("Content-Type") === "application/json";
    return isOurs ? (await answer.json()).note : null;
  };

  const send = (file, signal) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest(); // fetch does not tell how much has gone out
      request.responseType = "json";
      request.upload.onprogress = (event) =>
        far(event.loaded < event.total ? event.loaded / event.total : null);
      request.onload = () => {
        if (request.status === 200 && request.response?.note) resolve(request.response.note);
        else if (request.status === 413) reject(new Problem(`The server takes no file as large as ${file.name}: pack it, or give its web address.`));
        else if (request.status >= 500) reject(new Problem(`The server could not keep ${file.name}: save again in a moment.`));
        else if (request.status === 200) reject(new Problem("You are no longer signed in: sign in in another tab, then save again here."));
        else resolve(null); // the form itself is told why
      };
      request.onerror = () => reject(new Problem(`The connection broke while ${file.name} was sent: save again.`));
      request.onabort = () => reject(new Problem("Stopped: save again to go on."));
      signal.addEventListener("abort", () => request.abort());
      request.open("POST", form.dataset.uploads);
      request.send(filled({ file }));
    });

  const fieldOf = (input, name) => form.elements[input.name.replace(/-file$/, `-${name}`)];

  // A file that has arrived: its note stands for it, and goes before an address as it would.
  const note = (input, signed) => {
    fieldOf(input, "stored").value = signed;
    fieldOf(input, "url").value = "";
    const line = document.createElement("p");
    line.className = "uploaded";
    line.textContent = `${input.files[0].name} is uploaded.`;
    const part = input.closest(".part");
    part.querySelector(":scope > .uploaded")?.remove();
    part.querySelector(".pair").before(line);
    input.value = "";
  };

  // Sends all that was chosen; false where the form has to take a file with it.
  const sendAll = async (signal) => {
    const most = Number(form.dataset.most);
    const large = chosen().find((input) => input.files[0].size >= most);
    if (large) throw new Problem(`${large.files[0].name} has ${megabytes(large.files[0].size)}, and ${megabytes(most)} are the most: pack it, or give its web address.`);
    for (const input of chosen()) {
      const file = input.files[0];
      said.textContent = `Uploading ${file.name}`;
      far(0);
      const signed = (await known(file, signal)) ?? (await send(file, signal));
      if (signed === null) return;
      note(input, signed);
    }
  };

  const show = (sentence, failed) => {
    box.hidden = false;
    box.classList.toggle("failed", failed);
    stop.hidden = failed;
    said.textContent = sentence;
    far(null);
  };

  form.addEventListener("submit", async (event) => {
    if (running) return event.preventDefault();
    if (!chosen().length) return;
    event.preventDefault();
    running = new AbortController();
    save.disabled = true;
    show("", false);
    try {
      await sendAll(running.signal);
      show("It is saved.", false);
      stop.hidden = true;
      form.submit();
    } catch (problem) {
      const stopped = running.signal.aborted;
      show(stopped ? "Stopped: save again to go on." : problem instanceof Problem ? problem.message : "The file could not be read or sent: choose it again, then save.", true);
      save.disabled = false;
    } finally {
      running = null;
    }
  });
  stop.addEventListener("click", () => running?.abort());
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    box.hidden = true; // who comes back finds the form, not its sending
    save.disabled = false;
  });
})();
