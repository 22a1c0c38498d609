"""What tests do in a browser."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, Response


def log_in(browser: Browser, url: str, email: str, password: str) -> Page:
    """A page of Label Studio under an account."""
    page = browser.new_page(viewport={"width": 1360, "height": 850})
    page.set_default_timeout(30_000)
    page.goto(f"{url}/user/login/")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_url(lambda address: "/user/login" not in address)
    return page


def is_submission(response: Response) -> bool:
    """Whether it answers the submission of an annotation."""
    return response.request.method == "POST" and "/annotations" in response.url
