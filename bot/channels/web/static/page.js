// The page works without this file. With it answers come without a reload, and a cut connection loses and doubles nothing:
// a question keeps its id however often it is sent, an answer takes its id from its question, and the stream says what
// happened after the last event that was seen. What the reader wrote stays in this tab alone.
(() => {
  "use strict";
  const { base, thread, copied, waiting, offline, unanswered, you, known } = document.body.dataset;
  const byId = (id) => document.getElementById(id);
  const log = byId("log"), ask = byId("ask"), status = byId("status");
  const KEY = `footnote:${base}:${thread}`, KEPT = 60, RESEND = 8000, GIVE_UP = 40000;
  const pending = new Map();
  let last = document.body.dataset.last, stream = null, connected = Boolean(known), shown = load();

  // --- what this tab remembers

  function load() {
    try { return JSON.parse(sessionStorage.getItem(KEY)) || []; } catch { return []; }
  }
  function save(entry) {
    const at = shown.findIndex((one) => one.id === entry.id);
    if (at >= 0) shown[at] = entry; else shown.push(entry);
    shown = shown.slice(-KEPT);
    try { sessionStorage.setItem(KEY, JSON.stringify(shown)); } catch { /* private mode, or full: the page still works */ }
  }
  function restore() {
    let before = null;
    for (const entry of shown) {
      const element = byId(entry.id) || make(entry);
      if (before) before.after(element); else log.prepend(element);
      before = element;
    }
    if (shown.length && byId("a-greeting") && !shown.some((one) => one.id === "a-greeting")) log.prepend(byId("a-greeting"));
  }
  function make(entry) {
    if (entry.html) return parse(entry.html);
    const element = document.createElement("p");
    element.id = entry.id;
    element.className = "asked";
    element.dir = "auto";
    const who = document.createElement("span");
    who.className = "unseen";
    who.textContent = `${you}: `;
    element.append(who, entry.text);
    return element;
  }
  function parse(html) {
    const holder = document.createElement("template");
    holder.innerHTML = html;
    return enhance(holder.content.firstElementChild);
  }
  function enhance(element) {
    for (const button of element.querySelectorAll("[data-copy], [data-print]")) button.hidden = false;
    return element;
  }

  // --- asking

  function send(fields, text) {
    const question = fields.get("id"), entry = { fields, since: Date.now(), again: false, unsent: true };
    pending.set(question, entry);
    if (text) {
      const element = make({ id: `q-${question}`, text });
      element.classList.add("unsent");
      log.append(element);
      save({ id: element.id, text });
      element.scrollIntoView({ block: "nearest" });
    }
    show();
    post(question, entry);
  }
  async function post(question, entry) {
    try {
      const answer = await fetch(`${base}/ask`, { method: "POST", body: new URLSearchParams(entry.fields), headers: { Accept: "application/json" } });
      if (answer.status === 503 || answer.status === 429) throw new Error(answer.status);
      entry.unsent = false;
      trouble("");
      byId(`q-${question}`)?.classList.remove("unsent");
      if (!answer.ok) return refuse(question, (await answer.json().catch(() => ({}))).trouble || unanswered);
      connected = true;
      open();
    } catch (fault) {
      if (Date.now() - entry.since > GIVE_UP && fault.message === "429") return refuse(question, unanswered);
      trouble(offline);
      setTimeout(() => pending.has(question) && post(question, entry), Math.min(10000, 1000 + (Date.now() - entry.since) / 4));
    }
  }
  function refuse(question, sentence) {
    pending.delete(question);
    trouble(sentence);
    show();
  }
  function trouble(sentence) { const place = byId("trouble"); if (place.textContent !== sentence) place.textContent = sentence; }
  function show() {
    let line = log.querySelector(".waiting");
    if (!pending.size) return line?.remove();
    if (!line) { line = document.createElement("p"); line.className = "waiting"; line.textContent = waiting; }
    log.append(line);
  }
  setInterval(() => {  // an answer that a restart lost is asked for again, once
    for (const [question, entry] of pending) {
      const age = Date.now() - entry.since;
      if (entry.unsent || stream?.readyState !== EventSource.OPEN || age < RESEND) continue;
      if (entry.again && age > GIVE_UP) refuse(question, unanswered);
      if (!entry.again) { entry.again = true; entry.fields.set("again", "1"); post(question, entry); }
    }
  }, 1000);

  // --- answers

  function open() {
    if (stream && stream.readyState !== EventSource.CLOSED) return;
    if (!connected || document.hidden) return;
    stream = new EventSource(`${base}/events?thread=${thread}&last=${encodeURIComponent(last)}`);
    stream.onmessage = (event) => { last = event.lastEventId; take(JSON.parse(event.data)); };
  }
  function take(answer) {
    const mine = pending.delete(answer.question), old = byId(answer.id), element = parse(answer.html);
    if (answer.forgets) forget();
    if (old?.isConnected && !answer.forgets) {
      for (const [at, fold] of old.querySelectorAll("details").entries()) {
        const same = element.querySelectorAll("details")[at];
        if (same && fold.open) same.open = true;
      }
      old.replaceWith(element);
    } else log.append(element);
    save({ id: answer.id, html: answer.html });
    show();
    announce(element, answer.said);
    if (mine && !(old && answer.said)) element.scrollIntoView({ block: "start" });
    if (mine && document.activeElement === document.body) element.focus({ preventScroll: true });
  }
  function forget() {
    shown = [];
    for (const key of Object.keys(sessionStorage)) if (key.startsWith("footnote:")) sessionStorage.removeItem(key);
    log.replaceChildren();
  }
  function announce(element, said) {
    const parts = [...element.querySelectorAll(":scope > .lead, :scope > h2, :scope > .brief")].map((one) => one.textContent.trim());
    (element.classList.contains("urgent") ? byId("alarm") : status).textContent = said || parts.join(". ");
  }

  // --- the reader's hands

  document.addEventListener("submit", (event) => {
    if (!log) return;
    const form = event.target, fields = new FormData(form, event.submitter);
    const text = form === ask ? fields.get("text").trim() : "";
    event.preventDefault();
    if (form === ask && !text) return;
    fields.set("id", crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`.replace(".", ""));
    if (form === ask) { ask.reset(); ask.text.value = ""; ask.text.focus(); }
    send(fields, text);
  });
  byId("text")?.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); ask.requestSubmit(); }
  });
  document.addEventListener("click", (event) => {
    const answer = event.target.closest(".answer");
    if (!answer) return;
    const copying = event.target.closest("[data-copy]");
    if (copying) copy(copying.dataset.copy ? answer.querySelector(copying.dataset.copy).textContent : words(answer), copying);
    if (event.target.closest("[data-print]")) print_one(answer);
    const link = event.target.closest("[data-share]");
    if (link && navigator.clipboard && !event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); copy(link.href, link); }
    const mark = event.target.closest(".mark");
    if (mark) byId(mark.hash.slice(1))?.closest("details").setAttribute("open", "");
  });
  function words(answer) {
    const parts = answer.querySelectorAll("h2, h3, p:not(.tools):not(.offer):not(.buttons p), li, th, td, pre");
    return [...parts].map((one) => one.textContent.trim().replace(/\s+/g, " ") + (one.matches(".sources li") && one.querySelector("a") ? ` ${one.querySelector("a").href}` : "")).join("\n");
  }
  async function copy(text, button) {
    try { await navigator.clipboard.writeText(text); button.textContent = copied; status.textContent = copied; } catch { /* not allowed here */ }
  }
  function print_one(answer) {
    document.body.classList.add("one");
    answer.classList.add("print");
    addEventListener("afterprint", () => { document.body.classList.remove("one"); answer.classList.remove("print"); }, { once: true });
    print();
  }
  addEventListener("beforeprint", () => document.querySelectorAll("details:not(.report)").forEach((one) => { one.dataset.was ??= one.open; one.open = true; }));
  addEventListener("afterprint", () => document.querySelectorAll("details:not(.report)").forEach((one) => { one.open = one.dataset.was === "true"; delete one.dataset.was; }));

  document.querySelectorAll(".answer").forEach(enhance);
  if (!log) return;
  document.querySelector("#log > .waiting")?.remove();
  restore();
  if (location.hash.startsWith("#a-")) byId(location.hash.slice(1))?.scrollIntoView();
  else if (shown.length) log.lastElementChild?.scrollIntoView();
  // A hidden tab holds no connection (a browser has six for one host); it is told what it missed when it is seen again.
  document.addEventListener("visibilitychange", () => { if (document.hidden && !pending.size) stream?.close(); else open(); });
  addEventListener("pageshow", open);
  addEventListener("pagehide", () => stream?.close());
  open();
})();
