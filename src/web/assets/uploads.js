// Uploading with a progress bar and by dragging; without this script the form does the same by itself.
(function () {
  'use strict';
  // The list looks again while something is being checked, unless somebody is choosing files.
  if (document.querySelector('[data-checking]')) {
    window.setInterval(function () {
      var chosen = document.querySelector('input[type=file]');
      if (!chosen || (!chosen.disabled && chosen.files.length === 0)) { window.location.reload(); }
    }, 3000);
  }
  if (!window.FormData || !window.XMLHttpRequest) { return; }
  Array.prototype.forEach.call(document.querySelectorAll('form[data-upload]'), function (form) {
    var input = form.querySelector('input[type=file]');
    var button = form.querySelector('button.primary');
    var progress = form.querySelector('.progress');
    var bar = progress.querySelector('progress');
    var words = progress.querySelector('span');
    var problem = form.querySelector('.problem');
    var mib = Number(form.getAttribute('data-mib'));
    var most = Number(form.getAttribute('data-files'));

    function tell(text) {
      progress.hidden = true;
      problem.hidden = false;
      problem.textContent = text;
      input.disabled = false;
      button.disabled = false;
    }

    function send() {
      var size = 0;
      var i;
      problem.hidden = true;
      if (input.files.length === 0) { return; }
      for (i = 0; i < input.files.length; i += 1) { size += input.files[i].size; }
      if (most && input.files.length > most) { tell('一次最多 ' + most + ' 个文件，请分几次上传。'); return; }
      if (mib && size > mib * 1048576) { tell('所选文件合计超过 ' + mib + ' MiB，请分几次上传。'); return; }
      var body = new FormData(form);
      var request = new XMLHttpRequest();
      request.open('POST', form.action);
      request.upload.onprogress = function (event) {
        if (!event.lengthComputable) { return; }
        var share = Math.floor(100 * event.loaded / event.total);
        bar.value = share;
        words.textContent = share < 100 ? '已上传 ' + share + '%' : '上传完毕，正在登记…';
      };
      request.onload = function () {
        if (request.status >= 200 && request.status < 300) {
          window.location.assign(request.responseURL || '/uploads');
          return;
        }
        var page = new DOMParser().parseFromString(request.responseText, 'text/html');
        var said = page.querySelector('main .card p');
        tell(said ? said.textContent : '没有上传成功，请稍后再试。');
      };
      request.onerror = function () { tell('连接中断。请先刷新看报送记录，其中没有这份文件的话再传一次。'); };
      progress.hidden = false;
      bar.value = 0;
      words.textContent = '正在上传…';
      button.disabled = true;
      request.send(body);
      input.disabled = true;
    }

    form.addEventListener('submit', function (event) {
      event.preventDefault();
      send();
    });
    ['dragenter', 'dragover'].forEach(function (name) {
      form.addEventListener(name, function (event) { event.preventDefault(); form.classList.add('over'); });
    });
    ['dragleave', 'drop'].forEach(function (name) {
      form.addEventListener(name, function () { form.classList.remove('over'); });
    });
    form.addEventListener('drop', function (event) {
      event.preventDefault();
      if (input.disabled || !event.dataTransfer || event.dataTransfer.files.length === 0) { return; }
      input.files = event.dataTransfer.files;
      send();
    });
  });
}());
