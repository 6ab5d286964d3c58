// Mappings: a company's row is edited in its own place, and each product has a search of its own. Without this script the
// mapping of a company is a page, and one search serves all products.

// The row that is edited, and the one that stands in its place meanwhile.
let edited;
const list = document.getElementById("companies");

const ask = async (address, sent) => {
  const answer = await fetch(address, { headers: { Accept: "text/html" }, ...sent });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return { page, wasRedirected: answer.redirected };
};

const close = () => {
  const { row, place } = edited;
  edited = undefined;
  place.remove();
  row.hidden = false;
  row.querySelector(".edit a").focus();
};

// Shows in the row's place what the page of its mapping shows; whatever else comes, such as a sign-in, is gone to.
const show = async (address, sent) => {
  const { place, pencil } = edited;
  place.setAttribute("aria-busy", "true");
  let came;
  try {
    came = await ask(address, sent);
  } catch {
    // The browser says why nothing comes.
    location.assign(address);
    return;
  }
  const { page, wasRedirected } = came;
  if (edited?.place !== place) return;
  place.removeAttribute("aria-busy");
  const part = page.getElementById("mapping");
  if (!part) {
    const said = page.querySelector("main > .note");
    if (sent && wasRedirected && said) await saved(said, pencil);
    else location.assign(address);
    return;
  }
  place.firstChild.replaceChildren(part);
  const first = ["[role=alert]", "[type=radio]:checked", "[type=search]", "[type=radio]:enabled", "h1"];
  const focused = first.map((known) => part.querySelector(known)).find(Boolean);
  if (focused?.matches("[role=alert], h1")) focused.tabIndex = -1;
  focused?.focus();
  place.scrollIntoView({ block: "nearest" });
};

const saved = async (said, pencil) => {
  const { page } = await ask(location.href);
  const fresh = page.getElementById(list.id);
  if (!fresh) return location.reload();
  edited = undefined;
  list.innerHTML = fresh.innerHTML;
  document.querySelectorAll("main > .note[role=status]").forEach((note) => note.remove());
  list.before(said);
  list.querySelector(`.edit a[href="${CSS.escape(pencil)}"]`)?.focus();
  said.scrollIntoView({ block: "nearest" });
};

list?.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const address = link.getAttribute("href");
  if (link.closest(".edit")) {
    event.preventDefault();
    if (edited) close();
    const row = link.closest("tr");
    const place = document.createElement("tr");
    place.className = "edited";
    place.append(document.createElement("td"));
    place.firstChild.colSpan = row.cells.length;
    row.after(place);
    row.hidden = true;
    edited = { row, place, pencil: address };
    show(address);
  } else if (edited?.place.contains(link)) {
    event.preventDefault();
    if (address.startsWith(edited.pencil)) show(address);
    else if (link.closest(".actions")) close();
    else location.assign(address);
  }
});

list?.addEventListener("submit", (event) => {
  if (!edited?.place.contains(event.target)) return;
  event.preventDefault();
  const form = event.target;
  const typed = new URLSearchParams(new FormData(form, event.submitter));
  const address = form.getAttribute("action");
  if (form.method === "post") show(address, { method: "POST", body: typed });
  else show(`${address}?${typed}`);
});

list?.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && edited?.place.contains(event.target)) close();
});

// A product's own search: what is found opens beneath it as a list, and closes when one is chosen or the row is left.
for (const search of document.querySelectorAll("input[data-searches]")) {
  const select = document.getElementById(search.dataset.searches);
  const form = document.getElementById(search.dataset.by);
  const field = search.closest("td");
  let timer;
  let asked = 0;
  search.hidden = false;
  form.hidden = true;
  const shut = () => {
    clearTimeout(timer);
    asked += 1;
    search.value = "";
    select.size = 0;
  };
  const find = async () => {
    const number = ++asked;
    const typed = new FormData(form);
    typed.set("search", search.value);
    const { page } = await ask(`${form.getAttribute("action")}?${new URLSearchParams(typed)}`);
    const fresh = page.getElementById(select.id);
    // An answer that a later one has overtaken is not shown.
    if (number !== asked || !fresh) return;
    const chosen = select.selectedOptions[0].cloneNode(true);
    select.replaceChildren(...fresh.options);
    if (![...select.options].some((option) => option.value === chosen.value)) select.append(chosen);
    select.value = chosen.value;
    select.size = Math.min(Math.max(select.options.length, 2), 8);
    document.getElementById("found").textContent = page.getElementById("found")?.textContent ?? "";
  };
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, 300);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") shut();
    else if (event.target === search && event.key === "ArrowDown") select.focus();
    else if (event.key !== "Enter") return;
    else if (event.target === select) shut();
    else select.focus();
    event.preventDefault();
  });
  select.addEventListener("click", () => {
    if (select.size > 1) shut();
  });
  field.addEventListener("focusout", (event) => {
    if (!field.contains(event.relatedTarget)) shut();
  });
}
