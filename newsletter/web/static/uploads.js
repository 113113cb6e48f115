// The files of a form go ahead of it, in pieces, one after the other (tus 1.0, see
// https://tus.io/protocols/resumable-upload), and the page says how far they are. Whatever
// breaks, they go on from where they are, after a reload too. A whole file is noted in the form.
// Without this script the files are sent with the form.
"use strict";

(() => {
  const form = document.querySelector("form[data-uploads]");
  const box = form.querySelector(".uploading");
  const said = box.querySelector(".upload-said");
  const percent = box.querySelector(".upload-percent");
  const bar = box.querySelector("progress");
  const stop = box.querySelector("button");
  const save = form.querySelector("button.primary");
  const unfinished = form.querySelector(".unfinished");
  const SMALLEST = 64 * 1024;
  const LARGEST = Number(form.dataset.piece);
  const SECONDS = { piece: 2, silence: 45, wait: 1, longestWait: 30 };
  const PREFIX = "upload ";
  const KEPT_DAYS = 7;
  const SIGNED_OUT = "You are no longer signed in: sign in in another tab, and the upload goes on here.";
  let token = form.elements.csrf_token.value; // another one once somebody has signed in anew
  let running = null;

  class Problem extends Error {} // a person has to do something
  class Hitch extends Error {} // it is tried again

  const chosen = () =>
    [...form.querySelectorAll("input[type=file]")].filter((input) => input.files.length);

  const size = (bytes) =>
    bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;

  const far = (part) => {
    if (part === null) bar.removeAttribute("value");
    else bar.value = part;
    percent.textContent = part === null ? "" : `${Math.floor(part * 100)} %`;
  };

  // What this browser knows of uploads, by the file's name, size and time.
  const keyOf = (file) => `${PREFIX}${file.size} ${file.lastModified} ${file.name}`;
  const store = (() => {
    try {
      localStorage.setItem("upload?", "");
      localStorage.removeItem("upload?");
      return localStorage;
    } catch {
      return { getItem: () => "null", setItem: () => {}, removeItem: () => {} }; // a reload forgets
    }
  })();
  const records = {
    read: (key) => JSON.parse(store.getItem(key)),
    write: (key, record) => store.setItem(key, JSON.stringify({ ...record, at: Date.now() })),
    remove: (key) => store.removeItem(key),
    all: () => Object.keys(store).filter((key) => key.startsWith(PREFIX)),
  };

  const send = async (method, url, headers, body, signal) => {
    const limit = AbortSignal.timeout(SECONDS.silence * 1000);
    try {
      return await fetch(url, {
        method,
        body,
        redirect: "manual", // to the page to sign in
        headers: { "Tus-Resumable": "1.0.0", "X-CSRFToken": token, ...headers },
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Hitch("The connection broke. The upload goes on by itself once there is one.");
    }
  };

  // The token of the session that this browser has now.
  const renewToken = async (signal) => {
    const answer = await send("GET", location.href, {}, undefined, signal);
    if (!answer.ok) throw new Hitch(SIGNED_OUT);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    token = page.querySelector("form[data-uploads] [name=csrf_token]").value;
  };

  // An answer that means something to the upload. Throws a Hitch or a Problem for the others.
  const ask = async (method, url, headers, body, signal) => {
    const answer = await send(method, url, headers, body, signal);
    if (answer.type === "opaqueredirect") throw new Hitch(SIGNED_OUT);
    if (answer.ok || [404, 409, 460].includes(answer.status)) return answer;
    const isSentence = answer.headers.get("Content-Type")?.startsWith("text/plain");
    if (answer.status === 400 && !isSentence) {
      await renewToken(signal);
      throw new Hitch("One moment: the upload goes on.");
    }
    const sentence = isSentence ? await answer.text() : "";
    if (answer.status >= 500) throw new Hitch(sentence || "The server does not answer. The upload goes on by itself once it does.");
    throw new Problem(sentence || `The server refused the upload (${answer.status}).`);
  };

  // How much of an upload is here: {sent, note}; null: the server does not know it.
  const standing = async (url, signal) => {
    const answer = await ask("HEAD", url, {}, undefined, signal);
    if (!answer.ok) return null;
    return { sent: Number(answer.headers.get("Upload-Offset")), note: answer.headers.get("Upload-Note") };
  };

  const begin = async (file, signal) => {
    const name = btoa(String.fromCharCode(...new TextEncoder().encode(file.name)));
    const headers = { "Upload-Length": String(file.size), "Upload-Metadata": `filename ${name}` };
    const answer = await ask("POST", form.dataset.uploads, headers, undefined, signal);
    if (!answer.ok) throw new Problem("The server takes no uploads here: give the file’s web address.");
    const url = answer.headers.get("Location");
    records.write(keyOf(file), { url, name: file.name, page: location.pathname });
    return url;
  };

  // Until the time is over, there is a network, somebody comes back to this tab, or stops it.
  const pause = (seconds, signal) =>
    new Promise((resolve) => {
      const over = new AbortController();
      const wake = () => {
        over.abort();
        resolve();
      };
      setTimeout(wake, seconds * 1000);
      for (const event of ["online", "focus"]) addEventListener(event, wake, { signal: over.signal });
      signal.addEventListener("abort", wake, { signal: over.signal });
    });

  // Brings a file to the server, piece by piece, and returns its note.
  const bring = async (file, signal) => {
    let url = records.read(keyOf(file))?.url;
    let piece = 4 * SMALLEST;
    let failures = 0;
    let at = null; // what is here; null: to be asked
    while (!signal.aborted) {
      try {
        if (at === null) at = url ? await standing(url, signal) : null;
        if (at === null) {
          url = await begin(file, signal);
          at = await standing(url, signal);
          continue;
        }
        said.textContent = `Uploading ${file.name}`;
        far(file.size ? at.sent / file.size : null);
        if (at.note) return at.note;
        const body = await file.slice(at.sent, at.sent + piece).arrayBuffer();
        const headers = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(at.sent) };
        const began = performance.now();
        const answer = await ask("PATCH", url, headers, body, signal);
        const seconds = (performance.now() - began) / 1000;
        piece = Math.min(LARGEST, Math.max(SMALLEST, piece * Math.min(4, SECONDS.piece / seconds)));
        piece = Math.floor(piece);
        at = answer.ok ? { sent: Number(answer.headers.get("Upload-Offset")), note: answer.headers.get("Upload-Note") } : null;
        failures = 0;
      } catch (error) {
        if (!(error instanceof Hitch)) throw error;
        at = null;
        piece = Math.max(SMALLEST, Math.floor(piece / 2));
        said.textContent = error.message;
        await pause(Math.min(SECONDS.longestWait, SECONDS.wait * 2 ** failures++), signal);
      }
    }
    throw new Problem("");
  };

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

  const bringAll = async (signal) => {
    const most = Number(form.dataset.most);
    const large = chosen().find((input) => input.files[0].size > most);
    if (large) throw new Problem(`${large.files[0].name} has ${size(large.files[0].size)}, and ${size(most)} are the most: pack it, or give its web address.`);
    for (const input of chosen()) note(input, await bring(input.files[0], signal));
  };

  const show = (sentence, failed) => {
    box.hidden = false;
    box.classList.toggle("failed", failed);
    stop.hidden = failed;
    said.textContent = sentence;
    far(null);
  };

  // What was begun on this page and is not whole: it goes on when the file is chosen again.
  const offer = async (key) => {
    const record = records.read(key);
    if (Date.now() - record.at > KEPT_DAYS * 86_400_000) return records.remove(key);
    if (record.page !== location.pathname) return;
    const at = await standing(record.url);
    if (!at) return records.remove(key);
    if (at.note) return;
    const line = document.createElement("p");
    const total = Number(key.slice(PREFIX.length).split(" ")[0]);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link";
    button.textContent = "Discard it";
    button.addEventListener("click", async () => {
      await ask("DELETE", record.url);
      records.remove(key);
      line.remove();
      unfinished.hidden = !unfinished.childElementCount;
    });
    line.append(`${Math.floor((at.sent / total) * 100)} % of ${record.name} is uploaded: choose the file again and save to go on. `, button);
    unfinished.append(line);
    unfinished.hidden = false;
  };

  form.addEventListener("submit", async (event) => {
    if (running) return event.preventDefault();
    if (!chosen().length) return;
    event.preventDefault();
    running = new AbortController();
    save.disabled = true;
    unfinished.hidden = true;
    show("", false);
    try {
      await bringAll(running.signal);
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
  for (const key of records.all()) offer(key).catch(() => {}); // it is found out on saving, too
})();
