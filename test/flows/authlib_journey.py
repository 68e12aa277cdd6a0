"""A client in Python, on Authlib: it signs a user in, keeps them signed in, and signs them out.

It knows the issuer and its own credentials, and learns everything else from the issuer's metadata. The user's part is
played over HTTP, as a browser without scripts would: `Browser` keeps cookies and fills in forms. What was seen goes to
standard output as one JSON object; what must not be goes wrong with an exception.
"""

import json
import os
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, jwt
from authlib.jose.errors import JoseError
from authlib.oidc.core import CodeIDToken

# The issuer is on this very machine.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

ISSUER = os.environ["ISSUER"]
CLIENT_ID = os.environ["CLIENT_ID"]
CLIENT_SECRET = os.environ["CLIENT_SECRET"]
REDIRECT_URI = os.environ["REDIRECT_URI"]
POST_LOGOUT_REDIRECT_URI = os.environ["POST_LOGOUT_REDIRECT_URI"]
USER = {"username": os.environ["DEMO_USER"], "password": os.environ["DEMO_PASSWORD"]}
SCOPE = "openid profile email offline_access read"
TIMEOUT = 20


class FirstForm(HTMLParser):
    """The first form of a page: where it goes, and what is in its fields."""

    def __init__(self, html):
        super().__init__()
        self.action, self.fields, self.closed = None, {}, False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form" and self.action is None:
            self.action = attributes["action"]
        elif tag == "input" and self.action is not None and not self.closed and "name" in attributes:
            self.fields[attributes["name"]] = attributes.get("value") or ""

    def handle_endtag(self, tag):
        self.closed = self.closed or (tag == "form" and self.action is not None)


class Browser:
    """The user's: it follows redirects within the issuer, and stops at the client's own address."""

    def __init__(self):
        self.session = requests.Session()

    def get(self, url):
        return self.arrive(self.session.get(url, allow_redirects=False, timeout=TIMEOUT))

    def submit(self, page, **answers):
        form = FirstForm(page.text)
        url = urljoin(page.url, form.action)
        return self.arrive(self.session.post(url, {**form.fields, **answers}, allow_redirects=False, timeout=TIMEOUT))

    def arrive(self, response):
        while response.is_redirect:
            location = urljoin(response.url, response.headers["location"])
            if not location.startswith(ISSUER + "/"):
                return location
            response = self.session.get(location, allow_redirects=False, timeout=TIMEOUT)
        return response


def query(url):
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def get_json(url):
    response = requests.get(url, timeout=TIMEOUT)
    response.raise_for_status()
    return response.json()


def authorization_url(client, server, **parameters):
    code_verifier, nonce = generate_token(48), generate_token()
    url, state = client.create_authorization_url(
        server["authorization_endpoint"], code_verifier=code_verifier, nonce=nonce, **parameters
    )
    return url, state, nonce, code_verifier


def validate(id_token, server, keys, **parameters):
    claims = jwt.decode(
        id_token,
        keys,
        claims_cls=CodeIDToken,
        claims_options={"iss": {"values": [server["issuer"]]}, "aud": {"values": [CLIENT_ID]}},
        claims_params={"client_id": CLIENT_ID, **parameters},
    )
    claims.validate(leeway=10)
    return claims


def sign_in(client, browser, server, keys):
    url, state, nonce, code_verifier = authorization_url(client, server)
    consent = browser.submit(browser.get(url), **USER)
    location = browser.submit(consent, decision="allow")
    assert location.startswith(REDIRECT_URI + "?"), location
    assert query(location)["state"] == state
    token = client.fetch_token(server["token_endpoint"], authorization_response=location, code_verifier=code_verifier)
    claims = validate(token["id_token"], server, keys, nonce=nonce, access_token=token["access_token"])
    return token, claims, query(location)


def refuses_other_nonce(id_token, server, keys):
    try:
        validate(id_token, server, keys, nonce=generate_token())
    except JoseError as error:
        return error.error
    return None


def refuses_refresh(client, server, refresh_token):
    try:
        client.refresh_token(server["token_endpoint"], refresh_token=refresh_token)
    except OAuthError as error:
        return error.error
    return None


def main():
    server = get_json(ISSUER + "/.well-known/openid-configuration")
    assert server["issuer"] == ISSUER
    keys = JsonWebKey.import_key_set(get_json(server["jwks_uri"]))
    client = OAuth2Session(
        CLIENT_ID, CLIENT_SECRET, scope=SCOPE, redirect_uri=REDIRECT_URI, code_challenge_method="S256"
    )
    browser = Browser()

    token, claims, answer = sign_in(client, browser, server, keys)
    userinfo = client.get(server["userinfo_endpoint"], timeout=TIMEOUT).json()
    access_claims = jwt.decode(token["access_token"], keys)
    access_claims.validate(leeway=10)

    refreshed = dict(client.refresh_token(server["token_endpoint"], refresh_token=token["refresh_token"]))
    renewed_claims = validate(refreshed["id_token"], server, keys, access_token=refreshed["access_token"])

    def introspect(value):
        return client.introspect_token(server["introspection_endpoint"], token=value).json()

    alive = introspect(refreshed["access_token"])
    revocation = client.revoke_token(server["revocation_endpoint"], token=refreshed["refresh_token"])
    dead = introspect(refreshed["access_token"])

    silent = query(browser.get(authorization_url(client, server, prompt="none")[0]))
    signed_out = browser.get(
        requests.Request(
            "GET",
            server["end_session_endpoint"],
            params={
                "id_token_hint": refreshed["id_token"],
                "post_logout_redirect_uri": POST_LOGOUT_REDIRECT_URI,
                "state": "out",
            },
        )
        .prepare()
        .url
    )
    asked_again = query(browser.get(authorization_url(client, server, prompt="none")[0]))

    print(
        json.dumps(
            {
                "answer_iss": answer["iss"],
                "token": {name: token[name] for name in ("token_type", "expires_in", "scope")},
                "id_token": claims,
                "other_nonce": refuses_other_nonce(token["id_token"], server, keys),
                "access_token": {"header": access_claims.header, "claims": access_claims},
                "userinfo": userinfo,
                "rotated": refreshed["refresh_token"] != token["refresh_token"],
                "renewed_id_token": renewed_claims,
                "introspection": {"alive": alive, "dead": dead},
                "revocation": revocation.status_code,
                "refresh_after_revocation": refuses_refresh(client, server, refreshed["refresh_token"]),
                "silent": sorted(silent),
                "signed_out": signed_out,
                "asked_again": asked_again.get("error"),
            }
        )
    )


main()
