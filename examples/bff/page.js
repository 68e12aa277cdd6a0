/** The page: it has a cookie that scripts cannot read, and no token. */
const element = (id) => document.getElementById(id);

/** @returns the answer of our own server; undefined if nobody is signed in */
async function call(method, path) {
  const response = await fetch(path, { method });
  if (response.status === 401) return show(undefined);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

function show(user) {
  element('who').textContent = user ? `Signed in as ${user.name}` : 'Nobody is signed in';
  element('until').textContent = element('problem').textContent = '';
  for (const button of document.querySelectorAll('button')) button.hidden = (button.dataset.when === 'in') !== !!user;
}

/** Runs a step and shows what is wrong with it. */
async function step(task) {
  try {
    await task();
  } catch (error) {
    element('problem').textContent = error.message;
  }
}

element('sign-in').onclick = () => location.assign('/sign-in');
element('refresh').onclick = () =>
  step(async () => {
    const refreshed = await call('POST', '/api/refresh');
    if (refreshed) element('until').textContent = `The access token expires in ${refreshed.expiresIn} s.`;
  });
element('sign-out').onclick = () =>
  step(async () => {
    const signedOut = await call('POST', '/api/sign-out');
    if (signedOut) location.assign(signedOut.next);
  });
await step(async () => show(await call('GET', '/api/user')));
