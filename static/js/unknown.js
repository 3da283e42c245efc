// Unknown outcomes: several ticket numbers pasted at once go into one field each.
(function () {
  "use strict";

  document.addEventListener("paste", function (event) {
    const form = event.target.closest("form[data-paste-rows]");
    if (!form || event.target.tagName !== "INPUT") return;
    const words = event.clipboardData.getData("text").split(/[\s,;]+/).filter(Boolean);
    if (words.length < 2) return;
    event.preventDefault();
    const fields = [...form.querySelectorAll("input:not([type=hidden])")];
    const from = fields.indexOf(event.target);
    const places = fields.slice(from);
    words.slice(0, places.length).forEach(function (word, index) {
      places[index].value = word;
    });
    // What has no field of its own stays visible in the last one, where it will be named as wrong.
    if (words.length > places.length) places[places.length - 1].value = words.slice(places.length - 1).join(" ");
    places[Math.min(words.length, places.length) - 1].focus();
  });
})();
