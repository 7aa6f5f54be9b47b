"""Coming in and going out by a browser."""

from tests.doors.web.conftest import browser, form_token


def test_login_password_and_code_open_the_worklist(house, doctor, stranger):
    answer = stranger.post("/sign-in", data=doctor.form())
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-primum=")
    assert cookie.endswith("; Path=/; Secure; HttpOnly; SameSite=Strict")
    page = stranger.get("/")
    assert page.status_code == 200
    assert "Dr Maël Kervella" in page.text


def test_whatever_is_wrong_gets_the_same_page(house, doctor):
    right = doctor.form()
    wrong = [right | {"login": "nobody"}, right | {"password": "not the one at all"}, right | {"code": "000000"}, {}]
    pages = set()
    for form in wrong:
        with browser(house) as client:
            answer = client.post("/sign-in", data=form)
            pages.add((answer.status_code, answer.text))
    assert len(pages) == 1
    status, text = pages.pop()
    assert status == 403
    assert 'role="alert"' in text


def test_signing_out_ends_the_session_and_clears_the_site(sign_in, doctor):
    client = sign_in(doctor)
    cookie = client.cookies["__Host-primum"]
    answer = client.post("/sign-out", data={"form_token": form_token(client)})
    assert answer.status_code == 200
    assert answer.headers["clear-site-data"] == '"cache", "cookies", "storage"'
    assert "Max-Age=0" in answer.headers["set-cookie"]
    client.cookies.set("__Host-primum", cookie)
    assert client.get("/").headers["location"] == "/sign-in"


def test_a_locked_session_opens_with_the_password_only(sign_in, doctor):
    client = sign_in(doctor)
    token = form_token(client)
    locked = client.post("/lock", data={"form_token": token})
    assert locked.headers["location"] == "/locked"
    assert locked.headers["clear-site-data"] == '"cache", "storage"'
    assert client.get("/").headers["location"] == "/locked"
    assert client.get("/dicom-web/studies", headers={"Accept": "application/dicom+json"}).status_code == 401
    assert client.get("/no/such/page").headers["location"] == "/locked"
    page = client.get("/locked")
    assert "Kervella" not in page.text
    wrong = client.post("/unlock", data={"form_token": token, "password": "no"})
    assert wrong.status_code == 403
    right = client.post("/unlock", data={"form_token": token, "password": doctor.made.password})
    assert right.headers["location"] == "/"
    assert client.get("/").status_code == 200


def test_too_many_tries_are_told_when_the_next_one_counts(house):
    somebody = house.somebody("Théo Throttled", *[])
    with browser(house) as client:
        answers = [client.post("/sign-in", data={"login": somebody.login, "password": "x"}) for _ in range(7)]
    assert answers[0].status_code == 403
    assert answers[-1].status_code == 429
    assert "Prochain essai" in answers[-1].text


def test_the_language_is_that_of_the_browser_until_one_is_chosen(house, sign_in):
    somebody = house.somebody("Lena Language")
    with browser(house, **{"Accept-Language": "en-GB,en;q=0.9"}) as client:
        assert "Sign in" in client.get("/sign-in").text
    with browser(house, **{"Accept-Language": "de"}) as client:
        assert "Connexion" in client.get("/sign-in").text
    client = sign_in(somebody)
    token = form_token_of_account(client)
    assert client.post("/account/language", data={"form_token": token, "language": "en"}).status_code == 303
    assert '<html lang="en">' in client.get("/account").text
    client.post("/account/language", data={"form_token": token, "language": "xx"})
    assert '<html lang="en">' in client.get("/account").text


def form_token_of_account(client):
    return client.get("/account").text.split('name="form_token" value="')[1].split('"')[0]


def test_a_password_is_changed_against_the_present_one(house, sign_in):
    somebody = house.somebody("Petra Password")
    client, other = sign_in(somebody), sign_in(somebody)
    token = form_token_of_account(client)
    new = "quatre marmottes sous la neige"
    form = {"form_token": token, "current": somebody.made.password, "password": new, "again": new}
    assert client.post("/account/password", data=form | {"again": "another"}).status_code == 422
    assert client.post("/account/password", data=form | {"password": "short", "again": "short"}).status_code == 422
    assert client.post("/account/password", data=form | {"current": "wrong"}).status_code == 403
    assert client.post("/account/password", data=form).status_code == 200
    assert other.get("/account").headers["location"] == "/sign-in"
