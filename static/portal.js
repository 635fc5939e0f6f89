/* Small comforts. Every page reads and every form posts without this file; the server guards what is guarded here.
   The content security policy allows no inline script, so pages speak to it through data- attributes only. */
(function () {
  "use strict";
  const phone = window.matchMedia("(max-width: 767.98px)");
  const each = (selector, act, root) => (root || document).querySelectorAll(selector).forEach(act);

  /* On a phone the long side panels start folded; on a desk they stay as the server sent them, open. */
  function foldForPhone() {
    if (phone.matches) each("details[data-fold-phone]", (panel) => { panel.open = false; });
  }

  /* Opened chips and menus: Escape closes and gives the focus back, a click outside closes, one open at a time. */
  function closeDrops(except) {
    each("details[data-drop][open]", (drop) => { if (drop !== except) drop.open = false; });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const drop = document.querySelector("details[data-drop][open]");
    if (!drop) return;
    drop.open = false;
    drop.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => closeDrops(event.target.closest("details[data-drop]")));

  /* A form acts once: its buttons rest after the first click, and wake when the page comes back from the cache. */
  const WAKE_AFTER_MS = 30000; // an answer that is a download leaves the page standing
  function wake(form) {
    delete form.dataset.sent;
    each("button[type=submit]", (button) => { button.disabled = false; button.removeAttribute("aria-busy"); }, form);
  }
  function guardOnce(form) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) { event.preventDefault(); return; }
      // Files are lost when a page comes back with errors, so what the browser can see missing is said before sending.
      const withFiles = Array.from(form.querySelectorAll("input[type=file]")).some((input) => input.files.length);
      const asked = !event.submitter || !event.submitter.name;
      if (withFiles && asked && !form.checkValidity()) { event.preventDefault(); form.reportValidity(); return; }
      form.dataset.sent = "1";
      if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
      // After the browser has collected the values, or the clicked button's own value would be missing.
      setTimeout(() => each("button[type=submit]", (button) => { button.disabled = true; }, form), 0);
      setTimeout(() => wake(form), WAKE_AFTER_MS);
    });
  }
  window.addEventListener("pageshow", (event) => { if (event.persisted) each("form[data-once]", wake); });

  /* Chosen files: a small picture, the name, the size. */
  function sizeText(bytes) {
    return bytes < 1048576 ? Math.max(1, Math.round(bytes / 1024)) + " KB" : (bytes / 1048576).toFixed(1) + " MB";
  }
  function showPicked(input) {
    const list = document.querySelector('[data-picked-for="' + input.id + '"]');
    if (!list) return;
    each("img", (image) => URL.revokeObjectURL(image.src), list);
    list.replaceChildren();
    const limit = Number(input.dataset.maxBytes || 20 * 1048576);
    for (const file of input.files) {
      const item = document.createElement("li");
      if (file.type.startsWith("image/") && !/hei[cf]/.test(file.type)) {
        const image = document.createElement("img");
        image.alt = "";
        image.src = URL.createObjectURL(file);
        item.append(image);
      }
      const words = document.createElement("span");
      const small = document.createElement("small");
      words.textContent = file.name;
      small.textContent = sizeText(file.size);
      if (file.size > limit) {
        item.className = "too-big";
        small.textContent += "，超过 " + sizeText(limit) + "，不能上传";
      }
      words.append(small);
      item.append(words);
      list.append(item);
    }
  }

  /* Typed text of a form not yet sent stays in this tab: by person and post, address, form and version of the case. */
  const DRAFT = "draft:";
  const KEPT = "input:not([type=password], [type=hidden], [type=file], [type=submit]), textarea, select";
  function store(act) {
    try { return act(window.sessionStorage); } catch (error) { return null; } // storage may be switched off
  }
  function draftKey(form) {
    const parts = [document.body.dataset.actor, location.pathname + location.search, form.id, form.dataset.version];
    return DRAFT + parts.join("|");
  }
  function keptFields(form) {
    return Array.from(form.querySelectorAll(KEPT)).filter((field) => field.name && !("nodraft" in field.dataset));
  }
  function readFields(form) {
    return keptFields(form).map((field) => {
      if (field.type === "checkbox" || field.type === "radio") return [field.name, field.value, field.checked];
      if (field.multiple) return [field.name, "", Array.from(field.selectedOptions, (option) => option.value)];
      return [field.name, "", field.value];
    });
  }
  function writeFields(form, values) {
    const fields = keptFields(form);
    if (fields.length !== values.length) return false;
    let changed = false;
    fields.forEach((field, index) => {
      const [name, value, kept] = values[index];
      if (field.name !== name) return;
      if (field.type === "checkbox" || field.type === "radio") {
        if (field.value === value && field.checked !== kept) { field.checked = kept; changed = true; }
      } else if (field.multiple) {
        for (const option of field.options) option.selected = kept.includes(option.value);
      } else if (field.value !== kept) { field.value = kept; changed = true; }
    });
    return changed;
  }
  function sayRestored(form, key) {
    const note = document.createElement("p");
    const drop = document.createElement("button");
    note.className = "draft-note";
    note.setAttribute("role", "status");
    note.append("已恢复上次没有提交的内容。");
    drop.type = "button";
    drop.className = "btn btn-text";
    drop.textContent = "不要了";
    drop.addEventListener("click", () => { store((box) => box.removeItem(key)); form.reset(); note.remove(); });
    note.append(drop);
    form.prepend(note);
  }
  function keepDraft(form) {
    const key = draftKey(form);
    const kept = store((box) => box.getItem(key));
    // A form that came back with errors already holds what was typed.
    if (kept && !form.querySelector("[data-error-summary]") && writeFields(form, JSON.parse(kept))) sayRestored(form, key);
    let timer = 0;
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => store((box) => box.setItem(key, JSON.stringify(readFields(form)))), 300);
    });
    form.addEventListener("submit", () => {
      clearTimeout(timer);
      store((box) => { box.setItem(key, JSON.stringify(readFields(form))); box.setItem("sent-draft", key); });
    });
  }
  function clearDrafts() {
    store((box) => Object.keys(box).filter((key) => key.startsWith(DRAFT)).forEach((key) => box.removeItem(key)));
  }
  /* The answer to a sent form said it succeeded: its draft has done its work. */
  function clearSent() {
    store((box) => {
      const key = box.getItem("sent-draft");
      if (key && document.querySelector('.msg[data-level="success"]')) box.removeItem(key);
      box.removeItem("sent-draft");
    });
  }

  /* Register: pick all, and how many are picked. */
  function countPicked() {
    const picked = document.querySelectorAll('input[name="pick"]:checked').length;
    each("[data-picked-count]", (place) => { place.textContent = picked; });
  }
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-pick-all]")) each('input[name="pick"]', (one) => { one.checked = box.checked; });
    if (box.matches('[data-pick-all], input[name="pick"]')) countPicked();
    if (box.matches("input[type=file]")) showPicked(box);
  });

  /* Long work: look again after a few seconds, unless the page is in the background. */
  function lookAgain(place) {
    setTimeout(() => (document.hidden ? lookAgain(place) : location.reload()), Number(place.dataset.refresh) * 1000);
  }

  /* Fields that belong to one choice only: shown with it. Without script all of them stand there under their legends. */
  function isChosen(form, name, value) {
    const chosen = form.querySelector(`input[name="${name}"]:checked`);
    return Boolean(chosen) && chosen.value === value;
  }
  function showChosen(form) {
    form.querySelectorAll("fieldset[data-when]").forEach((group) => {
      const own = group.dataset;
      const also = !own.andSwitch || isChosen(form, own.andSwitch, own.andWhen);
      group.hidden = !(isChosen(form, own.switchName, own.when) && also);
    });
  }
  /* What the chosen values come to, before anybody signs: the bounds come with the page, the server computes again. */
  function showOutcome(place) {
    const values = [...place.closest("fieldset").querySelectorAll("select")].map((one) => one.value);
    place.hidden = values.some((value) => value === "");
    if (place.hidden) return;
    const score = Math.round(values.reduce((product, value) => product * Number(value), 1) * 1000) / 1000;
    const bounds = place.dataset.outcome.split(";").map((pair) => pair.split(":"));
    const reached = bounds.find(([lower]) => score >= Number(lower));
    place.textContent = `${values.join(" × ")} = ${score}，${reached[1]}`;
  }
  document.addEventListener("change", (event) => {
    const group = event.target.closest("fieldset");
    const place = group && group.querySelector("[data-outcome]");
    if (place) showOutcome(place);
  });
  document.addEventListener("change", (event) => {
    if (event.target.type === "radio" && event.target.form) showChosen(event.target.form);
  });
  each("form", showChosen);
  each("[data-outcome]", showOutcome);

  foldForPhone();
  clearSent();
  each("form[data-draft]", keepDraft);
  each("form[data-once]", guardOnce);
  each("form[data-logout]", (form) => form.addEventListener("submit", clearDrafts));
  each("[data-refresh]", lookAgain);
  const summary = document.querySelector("[data-error-summary]");
  if (summary) summary.focus();
  /* A drawer that has just opened is where the person wants to be. */
  const opened = document.querySelector(".drawer h2");
  if (opened && !summary) {
    opened.tabIndex = -1;
    opened.focus({ preventScroll: true });
  }
  countPicked();
})();
