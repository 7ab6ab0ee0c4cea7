// Small comforts; every page works without them.
(function () {
  'use strict';
  // A form that was sent is not sent twice by an impatient second click.
  document.addEventListener('submit', function (event) {
    var button = event.target.querySelector('button:not([type=button])');
    if (!button || event.defaultPrevented) { return; }
    setTimeout(function () { button.disabled = true; }, 0);
    window.addEventListener('pageshow', function () { button.disabled = false; });
  });
  // A form that changes something for good asks first.
  document.addEventListener('submit', function (event) {
    var question = event.target.getAttribute('data-ask');
    if (question && !window.confirm(question)) { event.preventDefault(); }
  }, true);
  // A cell that is marked in a wide sheet is scrolled into sight.
  Array.prototype.forEach.call(document.querySelectorAll('.scroll td.hit'), function (cell) {
    var sheet = cell.parentNode;
    while (!sheet.classList.contains('scroll')) { sheet = sheet.parentNode; }
    var box = cell.getBoundingClientRect();
    var frame = sheet.getBoundingClientRect();
    if (box.right > frame.right) { sheet.scrollLeft = box.left - frame.left - (frame.width - box.width) / 2; }
  });
}());
