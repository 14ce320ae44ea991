/*
 * Runs before the page's program is here: takes a login code out of the address, and begins the calls that the program will
 * make first, so that their answers are on the way while it is read. Each is taken once, by src/dashboard/early.ts.
 */
(() => {
  // It comes when it comes: the program may have been faster, and asks by itself then.
  if (window.begun !== undefined) return;
  const code = /^#code=(.+)$/.exec(location.hash)?.[1];
  if (code !== undefined) history.replaceState(null, '', location.pathname);
  const post = (path, body, token) =>
    fetch(path, {
      method: 'POST',
      cache: 'no-store',
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        ...(token && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
  const bulk = (token) => post('/api/v2/branches/summaries/bulk', { include_archived: true }, token);
  const answers = {};
  if (code === undefined) {
    let token = null;
    try {
      token = sessionStorage.getItem('anabranch.token');
    } catch {
      // No storage: nobody is signed in.
    }
    if (token !== null) answers['/api/v2/branches/summaries/bulk'] = bulk(token);
  } else {
    const login = post('/api/v2/login', { code: decodeURIComponent(code) });
    answers['/api/v2/login'] = login;
    answers['/api/v2/branches/summaries/bulk'] = login
      .then((answer) => answer.clone().json())
      .then(({ token }) => (token ? bulk(token) : Promise.reject(new Error('no token'))));
  }
  // Who takes them hears of what fails; who doesn't has no use for it.
  for (const answer of Object.values(answers)) answer.catch(() => {});
  window.begun = { code: code ?? null, answers };
})();
