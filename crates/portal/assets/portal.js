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

// Search as you type: what is found is fetched once typing pauses. A form may have come into the page later.
let typing;
let asked = 0;
const search = async (form) => {
  const part = document.getElementById(form.dataset.searchInto);
  const number = ++asked;
  const address = `${form.action}?${new URLSearchParams(new FormData(form))}`;
  part.setAttribute("aria-busy", "true");
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById(part.id);
  // An answer that a later one has overtaken is not shown.
  if (number !== asked || !fresh) return;
  part.innerHTML = fresh.innerHTML;
  part.removeAttribute("aria-busy");
  if (form.dataset.searchAddress !== undefined) history.replaceState(null, "", address);
};
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-search-into]");
  if (!form || !event.target.matches("[type=search]")) return;
  clearTimeout(typing);
  typing = setTimeout(search, 300, form);
});

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
  let timer;
  let fetching = false;
  // Whether something may have changed since the page was fetched: what is told of meanwhile is never dropped.
  let stale = false;
  const refresh = async () => {
    if (!stale || fetching || document.hidden) return;
    fetching = true;
    stale = false;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of document.querySelectorAll("[data-live]")) {
        const fresh = page.getElementById(part.id);
        // What a person is typing into is left alone, and so is a row that is edited.
        const isInUse = part.contains(document.activeElement) || part.querySelector(".edited");
        if (fresh && !isInUse && part.innerHTML !== fresh.innerHTML) {
          part.innerHTML = fresh.innerHTML;
        }
      }
    } finally {
      fetching = false;
      later();
    }
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, 150);
  };
  // Each stream begins with a change: something may have happened between the page and its stream, or two streams.
  new EventSource(live).addEventListener("changed", () => {
    stale = true;
    later();
  });
  document.addEventListener("visibilitychange", later);
}

// A page that says "tries again by itself".
const again = document.querySelector("[data-again]");
if (again) setTimeout(() => location.reload(), Number(again.dataset.again) * 1000);
