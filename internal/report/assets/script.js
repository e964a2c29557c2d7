"use strict";
(function () {
  var box = document.getElementById("filter");
  var text = document.getElementById("q");
  var level = document.getElementById("level");
  var shown = document.getElementById("shown");
  var rows = document.querySelectorAll("#all tbody tr");
  if (!box || !rows.length) return;
  var words = [];
  rows.forEach(function (row) { words.push(row.textContent.toLowerCase()); });
  function apply() {
    var want = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    var n = 0;
    rows.forEach(function (row, i) {
      var ok = (!level.value || row.dataset.s === level.value) &&
        want.every(function (w) { return words[i].indexOf(w) >= 0; });
      row.hidden = !ok;
      if (ok) n++;
    });
    shown.value = n + " of " + rows.length + " shown";
  }
  text.addEventListener("input", apply);
  level.addEventListener("change", apply);
  box.hidden = false;
  apply();
  addEventListener("beforeprint", function () {
    document.querySelectorAll("details.fw").forEach(function (d) { d.open = true; });
  });
})();
