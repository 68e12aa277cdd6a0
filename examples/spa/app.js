/** An application that has no server: a public client with PKCE, whose tokens are in the page. */
const { UserManager, WebStorageStateStore } = window.oidc;
const { issuer, clientId } = await (await fetch('/settings.json')).json();
const here = `${location.origin}/`;

const manager = new UserManager({
  authority: issuer,
  client_id: clientId,
  redirect_uri: here,
  post_logout_redirect_uri: here,
  scope: 'openid profile offline_access',
  loadUserInfo: true, // the user's name is at /userinfo
  // One family for all tabs. Two that refresh at once send the same refresh token, and get the same successor.
  userStore: new WebStorageStateStore({ store: localStorage }),
  // The refresh token would outlive the session. With it end the access tokens.
  revokeTokensOnSignout: true,
  revokeTokenTypes: ['refresh_token'],
});

const element = (id) => document.getElementById(id);

async function show(problem = '') {
  const user = await manager.getUser();
  element('who').textContent = user ? `Signed in as ${user.profile.name ?? user.profile.sub}` : 'Nobody is signed in';
  element('until').textContent = user ? `The access token expires in ${user.expires_in} s.` : '';
  element('problem').textContent = problem;
  for (const button of document.querySelectorAll('button')) button.hidden = (button.dataset.when === 'in') !== !!user;
}

/** Runs a step and shows where it has led. */
async function step(task) {
  try {
    await task();
    await show();
  } catch (error) {
    if (error.error === 'invalid_grant') await manager.removeUser(); // revoked, expired or stolen: the session is over
    await show(error.error ? `${error.error}: ${error.error_description}` : error.message);
  }
}

/** The browser is back from the issuer: with a code or an error, or after the sign-out. */
async function comeBack() {
  const parameters = new URLSearchParams(location.search);
  if (!parameters.has('state')) return;
  const address = location.href;
  history.replaceState(null, '', here); // a reload would send the code again
  if (parameters.has('code') || parameters.has('error')) await manager.signinCallback(address);
}

element('sign-in').onclick = () => step(() => manager.signinRedirect());
element('refresh').onclick = () => step(() => manager.signinSilent());
element('sign-out').onclick = () => step(() => manager.signoutRedirect());
manager.events.addUserLoaded(() => show()); // it refreshes by itself, a minute before the access token ends
addEventListener('storage', () => show()); // another tab has signed in or out, or refreshed
await step(comeBack);
