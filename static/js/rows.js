// The table of a sheet's rows: moving by keys, editing in place, pasting a block, filling down, undoing.
// The server keeps the rows; what is typed here goes there at once, in order, and comes back judged.
// Without this script the same things are done by the plain forms and links of the page.
(function () {
  "use strict";

  let root = document.getElementById("rows");
  if (!root) return;
  let table, here, corner, editor;
  let edited = ""; // the cell that was left by Enter just now: the next problem is sought from there
  const late = {}; // rows that came back while somebody was typing in them

  // --- the table, as the page has it now
  function begin() {
    table = document.getElementById("grid");
    here = corner = editor = null;
    if (!table) return;
    table.setAttribute("role", "grid");
    table.setAttribute("aria-multiselectable", "true");
    document.getElementById("grid-line").hidden = false;
    document.getElementById("tick-all").hidden = false;
    for (const cell of table.querySelectorAll("tbody th, tbody td")) tame(cell);
    const aimed = aim(location.hash.slice(1));
    stand(aimed || table.tBodies[0].rows[0].cells[1] || table.tBodies[0].rows[0].cells[0], Boolean(aimed));
  }

  // One stop of the Tab key for the whole table; what is inside a cell is reached by the cell's own keys.
  function tame(cell) {
    cell.tabIndex = -1;
    for (const inner of cell.querySelectorAll("input, a, button")) inner.tabIndex = -1;
  }

  function aim(id) {
    const found = id && document.getElementById(id);
    return found && cellOf(found.tagName === "TR" ? found.cells[0] : found);
  }

  function cellOf(node) {
    const cell = node.closest?.("tbody th, tbody td");
    return cell && table && table.contains(cell) ? cell : null;
  }

  const keyOf = (cell) => cell.parentNode.dataset.key;
  const rowAt = (cell) => cell.parentNode.sectionRowIndex;
  const textOf = (cell) => cell.querySelector(".v")?.textContent ?? "";
  const kindOf = (cell) => table.tHead.rows[0].cells[cell.cellIndex].dataset.kind;
  const titleOf = (cell) => table.tHead.rows[0].cells[cell.cellIndex].firstChild.textContent.trim();
  const keys = () => [...table.tBodies[0].rows].map((row) => row.dataset.key);
  const columns = () => [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.dataset.field);

  // --- where one stands
  function stand(cell, isFocused = true, isSelecting = false) {
    if (!cell) return;
    if (here) here.tabIndex = -1;
    if (!isSelecting) corner = cell;
    here = cell;
    edited = "";
    here.tabIndex = 0;
    if (isFocused) here.focus();
    paint();
    tell();
  }

  function picked() {
    if (!here) return [];
    const top = Math.min(rowAt(here), rowAt(corner)), bottom = Math.max(rowAt(here), rowAt(corner));
    const left = Math.min(here.cellIndex, corner.cellIndex), right = Math.max(here.cellIndex, corner.cellIndex);
    const lines = [...table.tBodies[0].rows].slice(top, bottom + 1);
    return lines.map((row) => [...row.cells].slice(left, right + 1).filter((cell) => cell.tagName === "TD"));
  }

  function paint() {
    for (const cell of table.querySelectorAll("[aria-selected]")) cell.removeAttribute("aria-selected");
    if (here !== corner) for (const cell of picked().flat()) cell.setAttribute("aria-selected", "true");
  }

  // --- the line under the table: everything about the cell in which one stands
  function tell() {
    const line = document.getElementById("grid-cell");
    const isCell = here.tagName === "TD";
    const said = [...here.querySelectorAll(".said.bad > span")].map((one) => one.textContent);
    const name = document.createElement("strong");
    name.textContent = `Row ${here.parentNode.cells[0].querySelector("a").textContent}` + (isCell ? `, ${titleOf(here)}: ` : " ");
    line.replaceChildren(name, isCell ? textOf(here) || "(empty)" : "");
    if (said.length) {
      const bad = document.createElement("span");
      bad.className = "bad";
      bad.textContent = ` ${said.join(" ")}`;
      line.append(bad);
    }
    if ("was" in here.dataset) line.append(` Was “${here.dataset.was}”. ${here.dataset.why}`);
    document.getElementById("grid-back").hidden = !("was" in here.dataset);
    document.getElementById("grid-edit").hidden = !isCell;
    document.getElementById("grid-fill").hidden = !isCell;
  }

  function say(words, isBad, act, label) {
    const told = document.getElementById("grid-told");
    told.classList.toggle("bad", Boolean(isBad));
    told.textContent = words;
    if (!act) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-secondary btn-sm";
    button.textContent = label;
    button.addEventListener("click", act);
    told.append(" ", button);
  }

  // --- editing in place
  function edit(text) {
    if (!here || here.tagName !== "TD" || editor) return;
    const kind = kindOf(here);
    editor = document.createElement(kind === "words" ? "textarea" : "input");
    editor.className = "form-control form-control-sm cell-editor";
    if (kind !== "words") editor.type = "text";
    if (["zone", "service", "tick"].includes(kind)) editor.setAttribute("list", `list-${kind}`);
    editor.autocomplete = "off";
    editor.setAttribute("aria-label", titleOf(here));
    if (here.querySelector(".said.bad")) {
      here.querySelector(".said.bad").id = "cell-said";
      editor.setAttribute("aria-describedby", "cell-said");
      editor.setAttribute("aria-invalid", "true");
    }
    editor.before = textOf(here);
    editor.value = text ?? editor.before;
    here.classList.add("editing");
    here.prepend(editor);
    editor.focus();
    if (text === undefined) editor.select();
    else editor.setSelectionRange?.(editor.value.length, editor.value.length);
    editor.addEventListener("blur", () => leave(true, false));
  }

  // Ends editing: keeps what was typed or gives the old text back. True if one was editing.
  function leave(isKept, isFocused = true) {
    if (!editor) return false;
    const cell = here, typed = editor.value, before = editor.before, old = editor;
    editor = null; // first, for taking it away blurs it once more
    old.remove();
    cell.classList.remove("editing");
    cell.querySelector("#cell-said")?.removeAttribute("id");
    if (isKept && typed !== before) {
      write(cell, typed);
      send({ op: "set", cells: [[keyOf(cell), cell.dataset.field, typed, before]] });
    }
    for (const key of Object.keys(late)) {
      renew(key, late[key]);
      delete late[key];
    }
    if (isFocused) stand(here);
    return true;
  }

  function write(cell, text) {
    cell.querySelector(".v").textContent = text;
    cell.classList.add("saving");
  }

  function setAll(cells, textFor) {
    const changed = cells.filter((cell) => textOf(cell) !== textFor(cell));
    if (!changed.length) return;
    const edits = changed.map((cell) => [keyOf(cell), cell.dataset.field, textFor(cell), textOf(cell)]);
    for (const cell of changed) write(cell, textFor(cell));
    send({ op: "set", cells: edits });
  }

  // --- to the server: one change after the other, and none is lost on the way
  const queue = [];
  let isSending = false, isLeaving = false;
  const waiters = [];

  function send(asked) {
    const on = table ? { columns: columns(), keys: keys() } : { columns: [], keys: [] };
    queue.push({ ...on, look: root.dataset.look, ...asked });
    go();
  }

  async function go() {
    if (isSending || !queue.length) return;
    isSending = true;
    const { answer, status } = await post({ ...queue[0], seen: Number(root.dataset.turn) });
    isSending = false;
    const isRefused = !answer && status >= 400 && status < 500 && ![401, 403, 408, 429].includes(status);
    if (!answer && !isRefused) {
      const count = queue.length;
      say(`Not saved yet: ${count} change${count > 1 ? "s" : ""}. They are tried again.`, true, go, "Try now");
      setTimeout(go, 5000);
      return;
    }
    const asked = queue.shift();
    if (answer) await take(answer, asked);
    else await reload();
    if (queue.length) go();
    else while (waiters.length) waiters.shift()();
  }

  async function post(asked) {
    let answer = null, status = 0;
    function read(event) {
      event.detail.shouldSwap = false;
      status = event.detail.xhr.status;
      if (status === 200) answer = JSON.parse(event.detail.xhr.responseText);
    }
    root.addEventListener("htmx:beforeSwap", read);
    try {
      const values = { edit: JSON.stringify(asked) };
      await htmx.ajax("POST", root.dataset.url, { source: root, target: root, swap: "none", values });
    } catch {
      answer = null; // no connection; the page's banner says so
    }
    root.removeEventListener("htmx:beforeSwap", read);
    return { answer, status };
  }

  async function take(answer, asked) {
    root.dataset.turn = answer.turn;
    if (answer.problem) {
      await reload();
      say(answer.problem, true);
      return;
    }
    if (answer.moved) await reload();
    else {
      document.getElementById("rows-state").outerHTML = answer.state;
      for (const [key, html] of Object.entries(answer.rows)) renew(key, html);
      for (const cell of table.querySelectorAll(".saving")) if (!queue.length) cell.classList.remove("saving");
      if (!editor && here) tell();
    }
    const first = answer.conflicts[0];
    if (!first) return say(answer.told);
    const many = answer.conflicts.length > 1 ? ` ${answer.conflicts.length} cells were changed by somebody else.` : "";
    const mine = answer.conflicts.map((one) => [one.key, one.field, one.mine, ""]);
    say(first.said + many, true, () => send({ op: "set", cells: mine, force: true }), "Put mine in its place");
  }

  // One row as the server has it now. Where somebody types in it, it waits until they are done.
  function renew(key, html) {
    const old = document.getElementById(`row-${key}`);
    if (!old) return;
    if (editor && old.contains(editor)) {
      late[key] = html;
      return;
    }
    const tick = old.querySelector("input[name=row]").checked;
    const at = old.contains(here) ? here.cellIndex : -1, from = old.contains(corner) ? corner.cellIndex : -1;
    const hadFocus = old.contains(document.activeElement);
    const holder = document.createElement("template");
    holder.innerHTML = html.trim();
    const row = holder.content.querySelector("tr");
    old.replaceWith(row);
    for (const cell of row.cells) tame(cell);
    row.querySelector("input[name=row]").checked = tick;
    if (from >= 0) corner = row.cells[from];
    if (at >= 0) {
      here = row.cells[at];
      here.tabIndex = 0;
      if (hadFocus) here.focus();
    }
  }

  // The page anew, for rows came or went; one stays where one was.
  async function reload() {
    const at = here && (here.id || here.parentNode.id), hadFocus = Boolean(here && table.contains(document.activeElement));
    let answer;
    try {
      answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
    } catch {
      return;
    }
    if (!answer.ok || answer.redirected) return location.reload();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("rows");
    if (!fresh) return location.reload();
    root.replaceWith(document.adoptNode(fresh));
    root = fresh;
    begin();
    listen();
    if (table && at && aim(at)) stand(aim(at), hadFocus);
    else if (table && hadFocus) stand(here, true);
  }

  function whenSaved(act) {
    if (!queue.length) act();
    else waiters.push(act);
  }

  // --- keys
  const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

  function move(down, right, isSelecting) {
    const rows = table.tBodies[0].rows;
    const row = rows[Math.min(rows.length - 1, Math.max(0, rowAt(here) + down))];
    const column = Math.min(row.cells.length - 1, Math.max(0, here.cellIndex + right));
    stand(row.cells[column], true, isSelecting);
  }

  function moveOn(isBack) {
    const cells = [...table.querySelectorAll("tbody td")];
    stand(cells[cells.indexOf(here) + (isBack ? -1 : 1)] || here);
  }

  function aScreen() {
    const height = here.parentNode.getBoundingClientRect().height || 1;
    return Math.max(1, Math.floor(table.parentNode.clientHeight / height) - 2);
  }

  function findProblem(isBack) {
    const wrong = [...table.querySelectorAll("tbody [aria-invalid=true]:not(input, textarea)")];
    const from = aim(edited) || here;
    const after = (cell) => from.compareDocumentPosition(cell) & Node.DOCUMENT_POSITION_FOLLOWING;
    const found = isBack
      ? wrong.filter((cell) => cell !== from && !after(cell)).pop()
      : wrong.find((cell) => cell !== from && after(cell));
    if (found) return stand(found);
    const link = root.querySelector(`[data-problem=${isBack ? "previous" : "next"}]`);
    const url = link && new URL(link.href);
    if (!url) return say("No row has a problem any more.");
    const there = aim(url.hash.slice(1)) || (wrong.length === 1 && wrong[0]);
    if (there) return stand(there);
    whenSaved(() => location.assign(url));
  }

  function onEditorKey(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") leave(false);
    else if (event.key === "Enter" && event.altKey && editor.tagName === "TEXTAREA") {
      editor.setRangeText("\n", editor.selectionStart, editor.selectionEnd, "end");
    } else if (event.key === "Enter") {
      const id = here.id;
      leave(true);
      move(event.shiftKey ? -1 : 1, 0);
      edited = id;
    } else if (event.key === "Tab") {
      leave(true);
      moveOn(event.shiftKey);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function onKey(event) {
    if (editor) return onEditorKey(event);
    if (!here || cellOf(event.target) !== here) return;
    const isControl = event.ctrlKey || event.metaKey;
    const rows = table.tBodies[0].rows, last = rows[rows.length - 1], row = here.parentNode;
    if (STEPS[event.key] && !event.altKey) {
      const [down, right] = STEPS[event.key], far = isControl ? 1e6 : 1;
      move(down * far, right * far, event.shiftKey);
    } else if (event.key === "Home") stand(isControl ? rows[0].cells[0] : row.cells[0], true, event.shiftKey);
    else if (event.key === "End") stand(isControl ? last.cells[last.cells.length - 1] : row.cells[row.cells.length - 1], true, event.shiftKey);
    else if (event.key === "PageDown") move(aScreen(), 0, event.shiftKey);
    else if (event.key === "PageUp") move(-aScreen(), 0, event.shiftKey);
    else if (event.key === "F8") findProblem(event.shiftKey);
    else if (event.key === "Escape") stand(here);
    else if (isControl && event.key.toLowerCase() === "z") send({ op: event.shiftKey ? "redo" : "undo" });
    else if (isControl && event.key.toLowerCase() === "y") send({ op: "redo" });
    else if (isControl && event.key.toLowerCase() === "d") fillPicked();
    else if (here.tagName === "TH") {
      if (event.key === " ") row.querySelector("input[name=row]").click();
      else if (event.key === "Enter") row.querySelector("a").click();
      else return;
    } else if (event.key === "Enter" || event.key === "F2") edit();
    else if (event.key === "Delete" || event.key === "Backspace") setAll(picked().flat(), () => "");
    else if (event.key === " " && kindOf(here) === "tick") setAll([here], (cell) => (textOf(cell) ? "" : "yes"));
    else if (event.key.length === 1 && !isControl && !event.altKey && !event.isComposing) edit(event.key);
    else return;
    event.preventDefault();
  }

  // Ctrl+D as in a spreadsheet: the top row of what is selected goes down; one cell alone takes the one above it.
  function fillPicked() {
    const lines = picked();
    if (lines.length > 1) {
      setAll(lines.slice(1).flat(), (cell) => textOf(lines[0].find((top) => top.dataset.field === cell.dataset.field)));
    } else if (here.tagName === "TD" && rowAt(here) > 0) {
      const above = table.tBodies[0].rows[rowAt(here) - 1].cells[here.cellIndex];
      setAll([here], () => textOf(above));
    }
  }

  // --- the clipboard
  document.addEventListener("paste", function (event) {
    if (editor || !here || cellOf(event.target) !== here || here.tagName !== "TD") return;
    const text = event.clipboardData.getData("text/plain");
    if (!text) return;
    event.preventDefault();
    const one = text.replace(/\r?\n$/, "");
    if (!/[\t\n\r"]/.test(one)) return setAll(picked().flat(), () => one);
    say("Pasting …");
    send({ op: "paste", key: keyOf(here), field: here.dataset.field, text: text });
  });

  document.addEventListener("copy", function (event) {
    if (editor || !here || document.activeElement !== here) return;
    const quoted = (text) => (/[\t\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const lines = picked().map((cells) => cells.map((cell) => quoted(textOf(cell))).join("\t"));
    event.clipboardData.setData("text/plain", lines.join("\n"));
    event.preventDefault();
  });

  // --- the mouse
  let isDragging = false;

  function onPress(event) {
    const cell = cellOf(event.target);
    if (event.button || !cell || (editor && cell.contains(editor)) || event.target.closest("input, a, button")) return;
    event.preventDefault(); // keeps the text from being marked, and the focus where we put it
    leave(true, false);
    isDragging = true;
    stand(cell, true, event.shiftKey);
  }

  function onDrag(event) {
    const cell = isDragging && event.buttons ? cellOf(event.target) : null;
    if (cell && cell !== here) stand(cell, true, true);
  }

  function onClick(event) {
    const taken = event.target.closest("button.was");
    if (taken) {
      event.preventDefault();
      stand(cellOf(taken));
      send({ op: "back", key: keyOf(here), field: here.dataset.field });
    }
  }

  function onButton(event) {
    const problem = event.target.closest("[data-problem]");
    const step = event.target.closest(".rows-steps button[name=do]");
    if (problem && table && !event.ctrlKey && !event.metaKey) findProblem(problem.dataset.problem === "previous");
    else if (step && table) send({ op: step.value });
    else if (event.target.closest("#grid-edit")) edit();
    else if (event.target.closest("#grid-fill")) send({ op: "fill", key: keyOf(here), field: here.dataset.field });
    else if (event.target.closest("#grid-back")) send({ op: "back", key: keyOf(here), field: here.dataset.field });
    else return;
    event.preventDefault();
  }

  function onTickAll(event) {
    if (event.target.id !== "tick-all") return;
    for (const box of table.querySelectorAll("input[name=row]")) box.checked = event.target.checked;
  }

  function listen() {
    root.addEventListener("click", onButton);
    root.addEventListener("change", onTickAll);
    if (!table) return;
    table.addEventListener("keydown", onKey);
    table.addEventListener("mousedown", onPress);
    table.addEventListener("mouseover", onDrag);
    table.addEventListener("click", onClick);
    table.addEventListener("dblclick", (event) => cellOf(event.target) === here && edit());
    table.addEventListener("focusin", function (event) {
      const cell = cellOf(event.target);
      if (cell && cell !== here && event.target === cell) stand(cell, false);
    });
  }
  document.addEventListener("mouseup", () => (isDragging = false));

  // --- one leaves the page only when everything is kept
  function hold(event, act) {
    leave(true, false);
    if (!queue.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    say("Saving …");
    whenSaved(function () {
      isLeaving = true;
      act();
    });
  }
  document.addEventListener("submit", (event) => hold(event, () => event.target.requestSubmit(event.submitter)), true);
  document.addEventListener("click", function (event) {
    const link = event.target.closest("a[href]");
    if (!link || link.dataset.problem || event.ctrlKey || event.metaKey || event.shiftKey) return;
    hold(event, () => link.click());
  }, true);
  window.addEventListener("beforeunload", function (event) {
    leave(true, false);
    if (queue.length && !isLeaving) event.preventDefault();
  });
  window.addEventListener("online", go);

  begin();
  listen();
})();
