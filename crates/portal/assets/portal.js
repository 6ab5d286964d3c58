// Progressive enhancement: without this script every page reads and saves all the same.
"use strict";

// A menu that says when it changes sends itself; its button is for those without script.
for (const form of document.querySelectorAll("form[data-send-on-change]")) {
  const button = form.querySelector("button");
  if (button) button.hidden = true;
  form.addEventListener("change", () => form.requestSubmit());
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
