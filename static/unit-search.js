/* Finds the responsible unit while one types. Without this file the form asks the same page, which lists the same links. */
(function () {
  "use strict";
  const form = document.querySelector("form[data-unit-search]");
  const place = document.getElementById("unit-results");
  if (!form || !place) return;
  const input = form.querySelector("input[name=q]");
  let timer = 0;
  let asked = 0;

  function row(result) {
    const item = document.createElement("li");
    const words = document.createElement("span");
    const link = document.createElement("a");
    const small = document.createElement("small");
    link.href = result.url;
    link.textContent = result.text;
    small.textContent = result.sub;
    words.append(link, small);
    item.append(words);
    return item;
  }

  function show(answer) {
    const said = document.createElement("p");
    said.className = "panel-body small";
    said.setAttribute("role", "status");
    said.textContent = answer.text;
    place.replaceChildren(...(answer.text ? [said] : []));
    if (!answer.results.length) return;
    const list = document.createElement("ul");
    list.className = "linkrows";
    list.append(...answer.results.map(row));
    place.append(list);
  }

  function ask() {
    const turn = ++asked; // an answer that comes late must not replace a newer one
    fetch(form.dataset.unitSearch + "?q=" + encodeURIComponent(input.value.trim()), { headers: { Accept: "application/json" } })
      .then((response) => (response.ok ? response.json() : Promise.reject(response.status)))
      .then((answer) => { if (turn === asked) show(answer); })
      .catch(() => {}); // the button still asks the page itself
  }

  input.addEventListener("input", (event) => {
    if (event.isComposing) return; // pinyin on its way to a character
    clearTimeout(timer);
    timer = setTimeout(ask, 250);
  });
  input.addEventListener("compositionend", () => { clearTimeout(timer); timer = setTimeout(ask, 100); });
})();
