// Progressive enhancement: without this script every page reads and saves all the same.
"use strict";

// A menu that says when it changes sends itself; its button is for those without script.
for (const form of document.querySelectorAll("form[data-send-on-change]")) {
  const button = form.querySelector("button");
  if (button && !form.querySelector("[type=search]")) button.hidden = true;
  form.addEventListener("change", (event) => {
    if (event.target.matches("select")) form.requestSubmit();
  });
}

// A button that only asks: the answer is put into one part of the page, and what was typed stays where it is.
for (const button of document.querySelectorAll("button[data-into]")) {
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    const part = document.getElementById(button.dataset.into);
    const form = button.form;
    const body = new URLSearchParams(new FormData(form));
    body.append(button.name, button.value);
    button.disabled = true;
    part.setAttribute("aria-busy", "true");
    try {
      // Not form.action: that is a button, where one has the name "action".
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(part.id);
      if (!fresh) {
        // What a disabled button says is not sent.
        button.disabled = false;
        form.requestSubmit(button);
        return;
      }
      part.innerHTML = fresh.innerHTML;
      for (const field of form.querySelectorAll("input[id]")) {
        const mistake = page.getElementById(`${field.id}-mistake`);
        document.getElementById(`${field.id}-mistake`)?.remove();
        if (mistake) field.setAttribute("aria-invalid", "true");
        else field.removeAttribute("aria-invalid");
        if (mistake) field.after(mistake);
      }
      part.scrollIntoView({ block: "nearest" });
    } finally {
      button.disabled = false;
      part.removeAttribute("aria-busy");
    }
  });
}

// Live: when something of this partner changes, the parts of the page that say so are fetched again.
const live = document.body.dataset.changes;
if (live && document.querySelector("[data-live]")) {
  let waiting = false;
  const refresh = async () => {
    if (waiting || document.hidden) return;
    waiting = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of document.querySelectorAll("[data-live]")) {
        const fresh = page.getElementById(part.id);
        // What a person is typing into is left alone.
        if (fresh && !part.contains(document.activeElement) && part.innerHTML !== fresh.innerHTML) {
          part.innerHTML = fresh.innerHTML;
        }
      }
    } finally {
      waiting = false;
    }
  };
  const changes = new EventSource(live);
  let timer;
  changes.addEventListener("changed", () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, 150);
  });
  document.addEventListener("visibilitychange", refresh);
}

// A page that says "tries again by itself".
const again = document.querySelector("[data-again]");
if (again) setTimeout(() => location.reload(), Number(again.dataset.again) * 1000);
