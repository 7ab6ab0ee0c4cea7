// Shows how far a run is without reloading; without this script a reload shows the same.
(function () {
  'use strict';
  var part = document.getElementById('progress');
  var said = document.getElementById('progress-said');
  if (!part || !window.fetch) { return; }
  var now = '';
  function show(html) {
    part.innerHTML = html;
    var stage = part.querySelector('[data-now]');
    var name = stage ? stage.getAttribute('data-now') : '';
    if (said && name && name !== now) { now = name; said.textContent = '正在：' + name; }
    setTimeout(ask, 1000);
  }
  function ask() {
    fetch(part.getAttribute('data-source'), { credentials: 'same-origin' }).then(function (answer) {
      // The run has ended: the page shows its line in the history.
      if (answer.status === 204 || answer.redirected) { window.location.href = '/runs'; return null; }
      if (!answer.ok) { throw new Error(String(answer.status)); }
      return answer.text().then(show);
    }).catch(function () { setTimeout(ask, 5000); });
  }
  setTimeout(ask, 1000);
}());
