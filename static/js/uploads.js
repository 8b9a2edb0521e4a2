/* Files dropped onto a card, chosen or pasted: one after another, each with its progress. Without it the form posts them. */
(() => {
  "use strict";
  const section = () => document.querySelector("[data-upload]");
  const queue = [];
  let isBusy = false, depth = 0;

  function row(file) {
    const item = document.getElementById("upload-template").content.firstElementChild.cloneNode(true);
    item.querySelector("[data-name]").textContent = file.name;
    item.querySelector("button").addEventListener("click", () => item.remove());
    document.getElementById("uploads").append(item);
    return item;
  }
  function say(item, text, kind) {
    item.classList.add(`upload-${kind}`);
    item.querySelector("progress").remove();
    item.querySelector("[data-said]").textContent = text;
    item.querySelector("button").hidden = false;
  }

  function add(files) {
    const place = section();
    if (!place || !files.length) return;
    for (const file of files) {
      const item = row(file);
      if (file.size > Number(place.dataset.limit)) say(item, place.dataset.tooLarge, "danger");
      else if (!file.size) say(item, place.dataset.empty, "danger");
      else queue.push([file, item, place.dataset.upload]);
    }
    document.getElementById("files").scrollIntoView({ block: "nearest" });
    if (!isBusy) next();
  }

  function next(kept = false) {
    const job = queue.shift();
    isBusy = Boolean(job);
    // The card is drawn anew once, when the last file is in.
    if (!job) return kept && htmx.trigger(document.body, "deal:changed");
    const [file, item, url] = job, form = new FormData(), call = new XMLHttpRequest();
    form.append("file", file, file.name);
    call.open("POST", url);
    call.responseType = "json";
    call.setRequestHeader("Accept", "application/json");
    for (const [name, value] of Object.entries(JSON.parse(document.body.getAttribute("hx-headers")))) call.setRequestHeader(name, value);
    call.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) item.querySelector("progress").value = event.loaded / event.total;
    });
    call.addEventListener("load", () => {
      if (!call.response && new URL(call.responseURL).pathname !== new URL(url, location.href).pathname) reglament.ended();
      const said = call.response || { said: document.body.dataset.failed, kind: "danger" };
      if (said.kind === "success") item.remove();
      else say(item, said.said, said.kind);
      next(kept || call.status === 200);
    });
    call.addEventListener("error", () => { say(item, document.body.dataset.offline, "danger"); next(kept); });
    call.send(form);
  }

  const hasFiles = (event) => section() && [...(event.dataTransfer?.types || [])].includes("Files");
  const show = (over) => document.getElementById("card")?.classList.toggle("is-dropping", over);
  document.addEventListener("dragenter", (event) => { if (hasFiles(event)) { depth += 1; show(true); } });
  document.addEventListener("dragleave", (event) => { if (hasFiles(event) && --depth <= 0) { depth = 0; show(false); } });
  document.addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    // Beside the card too: the browser would else leave the page for the file.
    event.preventDefault();
    depth = 0;
    show(false);
    add(event.dataTransfer.files);
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-upload] input[type=file]")) return;
    add([...event.target.files]);
    event.target.value = "";
  });
  // A picture from the clipboard: into the letter that one writes, else among the card's files.
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files || [])];
    // A table or a page copied brings its picture along: where there are words, the words are meant.
    if (!files.length || event.clipboardData.getData("text/plain").trim()) return;
    const field = event.target.closest?.("input, textarea, select, [contenteditable]");
    const letter = field?.form?.querySelector("input[type=file][name=upload]");
    if (!letter && (!section() || (field && !field.matches("[data-paste-files]")) || document.querySelector("#dialog-window.show"))) return;
    event.preventDefault();
    const named = files.map(withName);
    if (!letter) return add(named);
    const all = new DataTransfer();
    [...letter.files, ...named].forEach((file) => all.items.add(file));
    letter.files = all.files;
  });
  function withName(file) {
    if (file.name !== "image.png") return file;
    const stamp = new Date().toLocaleString("sv").replace(/:/g, "-");
    return new File([file], `${document.getElementById("upload-template").dataset.picture} ${stamp}.png`, { type: file.type });
  }
})();
