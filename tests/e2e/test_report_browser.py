"""The page in a real browser: it opens from a file, obeys its reader and calls nobody."""

import shutil

import pytest
from report_fixtures import damaged_study, nasty_study, realistic_study

from topolens.report import write_report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the path"),
]

STUDIES = {
    "three": lambda: realistic_study((5, 5, 7), n_points=80),
    "sixty": lambda: realistic_study((60,), n_points=40, n_loops=12),
    "one": lambda: realistic_study((1,), n_points=40),
    "damaged": damaged_study,
    "names": nasty_study,
}


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield running
        running.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    return {name: write_report(make(), folder / f"{name}.html") for name, make in STUDIES.items()}


class Visit:
    """An open page with everything it said and asked for."""

    def __init__(self, browser, path, *, scheme="light", width=1280):
        view = {"width": width, "height": 900}
        self.context = browser.new_context(viewport=view, color_scheme=scheme)
        self.page = self.context.new_page()
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(f"dialog {dialog.message}"))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())

    def drawing(self, selector):
        return self.page.eval_on_selector(selector, "canvas => canvas.toDataURL()")

    def background(self):
        return self.page.evaluate("getComputedStyle(document.body).backgroundColor")


@pytest.fixture
def visit(browser, pages):
    opened = []

    def open_page(name="three", **kwargs):
        one = Visit(browser, pages[name], **kwargs)
        opened.append(one)
        return one

    yield open_page
    for one in opened:
        one.context.close()


@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize(("scheme", "width"), [("light", 1400), ("dark", 390)])
def test_opens_quietly_and_fits(visit, name, scheme, width):
    one = visit(name, scheme=scheme, width=width)
    one.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    one.page.wait_for_timeout(100)
    assert one.said == []
    assert [url for url in one.asked if not url.startswith(("file:", "data:"))] == []
    assert one.page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_inspector_draws_what_is_chosen(visit):
    one = visit()
    canvas = '.panel[data-side="a"] canvas'
    drawings = [one.drawing(canvas)]
    one.page.select_option('.panel[data-side="a"] [data-select="layer"]', "2")
    drawings.append(one.drawing(canvas))
    one.page.select_option('.panel[data-side="a"] [data-select="model"]', "2")
    drawings.append(one.drawing(canvas))
    one.page.select_option('.panel[data-side="a"] [data-select="cloud"]', "1")
    drawings.append(one.drawing(canvas))
    one.page.click('[data-control="view"] [data-value="barcode"]')
    drawings.append(one.drawing(canvas))
    one.page.click('[data-control="degree"] [data-value="0"]')
    drawings.append(one.drawing(canvas))
    assert len(set(drawings)) == len(drawings)
    readout = one.page.inner_text('.panel[data-side="a"] .readout')
    assert readout.startswith("80 pieces, total lifespan")


def test_a_small_diagram_leads_to_the_inspector(visit):
    one = visit()
    one.page.click('.small[data-model="1"][data-layer="3"]')
    assert one.page.input_value('.panel[data-side="a"] [data-select="model"]') == "1"
    assert one.page.input_value('.panel[data-side="a"] [data-select="layer"]') == "3"
    assert one.page.locator(".small.chosen").count() == 2


def test_a_dot_tells_its_birth_and_death(visit):
    one = visit()
    spot = one.page.eval_on_selector(
        '.panel[data-side="a"] canvas',
        """canvas => { canvas.scrollIntoView({behavior: 'instant'});
            const box = canvas.getBoundingClientRect();
            const mark = canvas.marks[0]; return [box.left + mark[0], box.top + mark[1]]; }""",
    )
    one.page.mouse.move(*spot)
    assert one.page.inner_text("#tip").startswith("born ")


def test_a_heat_map_names_both_layers(visit):
    one = visit()
    image = one.page.locator("image[data-matrix]").first
    image.scroll_into_view_if_needed()
    box = image.bounding_box()
    # The third cell of the first row: its column is the third layer of the first model.
    cell = box["width"] / 17
    one.page.mouse.move(box["x"] + 2.5 * cell, box["y"] + 0.5 * cell)
    lines = one.page.inner_text("#tip").split("\n")
    assert lines[:2] == ["net-0 · block0.conv", "net-0 · block2.conv"]
    assert float(lines[2]) > 0


def test_a_mark_on_a_profile_names_its_layer(visit):
    one = visit()
    mark = one.page.locator("[data-tip]").first
    mark.scroll_into_view_if_needed()
    mark.hover(force=True)
    assert one.page.inner_text("#tip").startswith("net-0 · block0.conv")


def test_the_pair_view_follows_its_choices(visit):
    one = visit()
    before = one.drawing("#pair-view canvas")
    one.page.select_option('#pair-view [data-select="columns"]', "2")
    assert one.drawing("#pair-view canvas") != before
    one.page.select_option('#pair-view [data-select="columns"]', "0")
    assert "most similar other layer" in one.page.inner_text("#pair-view .readout")


def test_the_theme_follows_the_system_and_the_button(visit):
    light, dark = visit(), visit(scheme="dark")
    colours = light.background(), dark.background()
    assert colours[0] != colours[1]
    before = light.drawing('.panel[data-side="a"] canvas')
    light.page.click("#theme")
    assert light.background() == colours[1]
    assert light.page.inner_text("#theme") == "Light"
    assert light.drawing('.panel[data-side="a"] canvas') != before
    light.page.click("#theme")
    assert light.background() == colours[0]


def test_reads_without_scripts(browser, pages):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(pages["three"].as_uri())
    assert page.locator(".small svg").count() == 17
    assert page.locator("svg.chart").count() > 5
    assert not page.locator("#inspector").is_visible()
    assert not page.locator("#theme").is_visible()
    context.close()


def test_prints_everything_it_shows(visit):
    one = visit()
    one.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert one.page.locator("details:not([open])").count() == 0


def test_prints_dark_on_white_from_either_theme(visit):
    for scheme in ("light", "dark"):
        one = visit(scheme=scheme)
        one.page.click("#theme")
        one.page.emulate_media(media="print")
        assert one.background() == "rgb(255, 255, 255)"
        ink = one.page.evaluate("getComputedStyle(document.body).color")
        assert ink == "rgb(28, 32, 39)"
