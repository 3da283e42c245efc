// What every page needs beyond plain links and forms. Nothing here is needed to do one's work.
(function () {
  "use strict";

  const SIGNED_OUT =
    "You were signed out. Your words are still on this page. Sign in in a new tab, then go on.";
  const OFFLINE = "No connection to the portal. Your words are still on this page; we keep trying.";
  const REFUSED = "The portal did not accept that. Your words are still on this page.";

  // --- a banner that says what stands between the person and the portal
  function say(words, link) {
    const banner = document.getElementById("connection");
    if (!banner || banner.dataset.words === words) return;
    banner.dataset.words = words;
    banner.textContent = words;
    if (words && link) {
      const anchor = document.createElement("a");
      anchor.href = link;
      anchor.target = "_blank";
      anchor.rel = "noopener";
      anchor.textContent = "Sign in";
      banner.append(" ", anchor);
    }
  }

  document.addEventListener("htmx:responseError", function (event) {
    const answer = event.detail.xhr;
    const isPlain = (answer.getResponseHeader("Content-Type") || "").startsWith("text/plain");
    const sent = event.detail.requestConfig.headers["X-CSRFToken"];
    if (answer.status === 403 && token() && sent !== token() && event.target.matches("form.wizard-form")) {
      // Somebody signed in again while it was on its way: what was typed is saved once more, with the new token.
      event.target.dispatchEvent(new Event("input"));
    } else if (answer.status === 401) say(SIGNED_OUT, "/login/");
    else say(isPlain && answer.responseText.length < 300 ? answer.responseText : REFUSED);
  });
  document.addEventListener("htmx:sendError", function () {
    say(OFFLINE);
  });
  document.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail.successful) say("");
  });
  window.addEventListener("offline", function () {
    say(OFFLINE);
  });
  window.addEventListener("online", function () {
    say("");
  });

  // --- signing in again, in another tab, changes the token: a page that stayed open uses the new one
  function token() {
    const name = document.querySelector('meta[name="csrf-cookie"]')?.content;
    const found = document.cookie.split("; ").find((part) => name && part.startsWith(name + "="));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  }

  document.addEventListener("htmx:configRequest", function (event) {
    if (!token()) return;
    event.detail.headers["X-CSRFToken"] = token();
    if (event.detail.parameters.csrfmiddlewaretoken) event.detail.parameters.csrfmiddlewaretoken = token();
  });
  document.addEventListener("submit", function (event) {
    const field = event.target.elements.namedItem("csrfmiddlewaretoken");
    if (field && token()) field.value = token();
  });

  // --- a text that goes to the clipboard by one click; without scripts it can still be selected
  function offerCopies() {
    for (const button of document.querySelectorAll("button[data-copy][hidden]")) button.hidden = false;
  }
  offerCopies();
  document.addEventListener("htmx:afterSettle", offerCopies);
  document.addEventListener("click", async function (event) {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    source.select();
    try {
      await navigator.clipboard.writeText(source.value);
    } catch {
      document.execCommand("copy"); // an address without https has no clipboard of the newer kind
    }
    const words = button.querySelector("span");
    words.textContent = "Copied";
    setTimeout(function () {
      words.textContent = "Copy";
    }, 2000);
  });

  // --- menus close by Escape and by a click elsewhere
  function closeMenus(except) {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (menu !== except) menu.open = false;
    }
  }
  document.addEventListener("click", function (event) {
    closeMenus(event.target.closest("details.menu"));
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details.menu[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });

  // --- one box that ticks all of a list; without scripts each is ticked by itself
  function offerTickAll() {
    for (const box of document.querySelectorAll("input[data-tick-all][hidden]")) box.hidden = false;
  }
  offerTickAll();
  document.addEventListener("htmx:afterSettle", offerTickAll);
  document.addEventListener("change", function (event) {
    const name = event.target.dataset ? event.target.dataset.tickAll : undefined;
    if (!name) return;
    for (const box of document.querySelectorAll(`input[type=checkbox][name="${name}"]`)) box.checked = event.target.checked;
  });
})();
