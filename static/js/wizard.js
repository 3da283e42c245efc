// The wizard's comforts: saves in their order, no second press, Enter that searches, progress of an upload.
// Every step works without them.
(function () {
  "use strict";

  // --- a save that was overtaken on its way must not undo a later one: each carries its turn
  let last = 0;
  function turn() {
    last = Math.max(last + 1, Date.now());
    return String(last);
  }

  document.addEventListener("htmx:configRequest", function (event) {
    const form = event.target;
    if (form.id !== "step") return;
    // The page is being left with all that was typed. And a button pressed just before would lend the save its own
    // address: places would be added a second time.
    if (form.dataset.sent) event.preventDefault();
    event.detail.path = form.getAttribute("hx-post");
    event.detail.parameters.set("turn", turn());
  });

  // --- one press is one press
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (form.closest("#draft-files .hits")) return; // htmx sends those, and may send them again
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    const field = form.elements.namedItem("turn");
    if (field) field.value = turn();
    form.dataset.sent = "yes";
    for (const button of document.querySelectorAll("button")) {
      if (button.form === form) button.setAttribute("aria-disabled", "true");
    }
  });
  // A page that comes back from the browser's memory may be sent again.
  window.addEventListener("pageshow", function () {
    for (const form of document.forms) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
    }
  });

  // --- Enter in the search field searches
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.target.id !== "q") return;
    event.preventDefault();
    document.getElementById("search-button").click();
  });

  // --- files go as soon as they are chosen, and one sees how far they are
  document.addEventListener("change", function (event) {
    if (event.target.id === "id_file" && event.target.files.length) document.getElementById("attach").click();
  });
  document.addEventListener("htmx:xhr:progress", function (event) {
    const bar = document.getElementById("upload-progress");
    if (bar && event.detail.lengthComputable) bar.value = (100 * event.detail.loaded) / event.detail.total;
  });
  document.addEventListener("htmx:afterSwap", function (event) {
    const told = event.target.querySelector?.("[role=alert]");
    if (told && event.target.id === "draft-files") told.focus();
  });

  // --- a link of the list of errors leads into a folded part: unfold it
  document.addEventListener("click", function (event) {
    const link = event.target.closest(".findings a[href^='#']");
    const field = link && document.getElementById(link.hash.slice(1));
    const fold = field && field.closest("details");
    if (fold) fold.open = true;
    if (field) field.focus();
  });
  const aimed = location.hash.startsWith("#id_") && document.getElementById(location.hash.slice(1));
  if (aimed) {
    const fold = aimed.closest("details");
    if (fold) fold.open = true;
    aimed.focus();
  }
})();
