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
}());
