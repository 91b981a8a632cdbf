// Makes the page handier. Everything on it can be read without.
(() => {
  'use strict';

  const root = document.documentElement;
  root.classList.add('scripted');

  // Light or dark: the system decides until the reader does.
  const toggle = document.createElement('button');
  toggle.type = 'button';
  toggle.className = 'toggle';
  const isDark = () => (root.dataset.theme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
  const name = () => { toggle.textContent = isDark() ? '☀ light' : '☾ dark'; };
  toggle.addEventListener('click', () => { root.dataset.theme = isDark() ? 'light' : 'dark'; name(); });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', name);
  name();
  document.body.prepend(toggle);

  // Tables sort by the header that is pressed; pressed again, the other way round.
  const sort = (header, column) => {
    const table = header.closest('table');
    const body = table.tBodies[0];
    const first = header.dataset.first || 'ascending';
    const now = header.getAttribute('aria-sort');
    const next = !now ? first : now === 'ascending' ? 'descending' : 'ascending';
    const sign = next === 'ascending' ? 1 : -1;
    const isNumber = header.dataset.sort === 'number';
    const key = row => {
      const cell = row.cells[column];
      const text = cell.dataset.key || cell.textContent;
      return text === '' ? null : isNumber ? Number(text) : text;
    };
    const rows = Array.from(body.rows, row => ({ row, key: key(row) }));
    rows.sort((a, b) =>
      // What has no value comes last, either way.
      a.key === null || b.key === null ? (a.key === null) - (b.key === null)
        : sign * (isNumber ? a.key - b.key : a.key.localeCompare(b.key, 'en', { numeric: true })));
    body.append(...rows.map(entry => entry.row));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
    header.setAttribute('aria-sort', next);
    table.classList.add('sorted');
  };
  for (const table of document.querySelectorAll('.table-frame table')) {
    Array.from(table.tHead.rows[0].cells).forEach((header, column) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...header.childNodes);
      button.addEventListener('click', () => sort(header, column));
      header.append(button);
    });
  }

  // Commands copy themselves.
  for (const command of document.querySelectorAll('pre.command')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'copy';
    button.addEventListener('click', async () => {
      const code = command.querySelector('code');
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = 'copied';
      } catch {
        // Not every browser lets a file write there: then the text is selected, for the reader to copy.
        getSelection().selectAllChildren(code);
        button.textContent = 'selected';
      }
      setTimeout(() => { button.textContent = 'copy'; }, 2000);
    });
    const frame = document.createElement('div');
    frame.className = 'command-frame';
    command.replaceWith(frame);
    frame.append(command, button);
  }
})();
