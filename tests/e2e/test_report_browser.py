"""The page in a real browser: it opens from a file, obeys its reader and calls nobody."""

import re
import shutil

import pytest
from report_fixtures import (
    damaged_study,
    many_operations_study,
    mapped_study,
    nasty_study,
    realistic_study,
)

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
    "many": lambda: many_operations_study((4, 5), n_points=60, n_loops=9),
    "damaged": damaged_study,
    "names": nasty_study,
    "mapped": lambda: mapped_study(mappers=("norm", "other")),
    "mapped names": lambda: mapped_study(nasty=True),
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


def test_the_heat_map_names_both_layers(visit):
    one = visit()
    one.page.select_option('#compare [data-select="rows"]', "0")
    one.page.select_option('#compare [data-select="columns"]', "1")
    canvas = one.page.locator("#compare canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    one.page.mouse.move(box["x"] + 150, box["y"] + 10)
    lines = one.page.inner_text("#tip").split("\n")
    assert lines[0] == "net-0 · block0.conv"
    assert lines[1].startswith("net-1 · block")
    assert float(lines[2]) > 0


def test_a_mark_on_a_profile_names_its_layer(visit):
    one = visit()
    mark = one.page.locator("#profile-view [data-tip]").first
    mark.scroll_into_view_if_needed()
    mark.hover(force=True)
    assert one.page.inner_text("#tip").startswith("net-0 · block0.conv")


def titles(one):
    return one.page.text_content("#profile-view .axis-title")


def test_the_profile_follows_measure_and_cloud_and_names_the_unit(visit):
    one = visit()
    assert titles(one) == "Lifespan sum H0 (median distances)"
    one.page.select_option('#profile-view [data-select="measure"]', "3")
    assert titles(one) == "Bar count H1 (bars)"
    one.page.select_option('#profile-view [data-select="measure"]', "1")
    one.page.select_option('#profile-view [data-select="cloud"]', "1")
    assert titles(one) == "Lifespan sum H1 (distance at the network's scale)"
    assert one.page.locator("#profile-view .band").count() == 3


def test_a_small_profile_leads_to_the_large_one(visit):
    one = visit()
    one.page.click('.small.profile[data-measure="3"][data-cloud="0"]')
    assert titles(one) == "Bar count H1 (bars)"
    assert one.page.locator(".small.profile.chosen").count() == 1


def test_a_name_brings_its_line_forward(visit):
    one = visit()
    assert one.page.locator("#profile-view .dim").count() == 0
    one.page.click('[data-highlight="1"]')
    assert one.page.locator("#profile-view .dim").count() == 2
    one.page.click('[data-highlight="1"]')
    assert one.page.locator("#profile-view .dim").count() == 0


def test_the_heat_map_follows_its_choices(visit):
    one = visit()
    drawings = [one.drawing("#compare canvas")]
    one.page.select_option('#compare [data-select="metric"]', "2")
    drawings.append(one.drawing("#compare canvas"))
    assert "similarity: larger is more alike" in one.page.inner_text(".metric-facts").lower()
    one.page.select_option('#compare [data-select="cloud"]', "1")
    drawings.append(one.drawing("#compare canvas"))
    one.page.select_option('#compare [data-select="rows"]', "0")
    one.page.select_option('#compare [data-select="columns"]', "2")
    drawings.append(one.drawing("#compare canvas"))
    assert len(set(drawings)) == len(drawings)
    one.page.select_option('#compare [data-select="columns"]', "0")
    assert "most similar other layer" in one.page.inner_text("#compare .readout")


def test_a_share_of_a_pair_leads_to_the_pair(visit):
    one = visit()
    share = one.page.inner_text('[data-pair="0-1"]')
    one.page.click('[data-pair="0-1"]')
    hits, known = re.search(r"\(✓\) for (\d+) of (\d+)", one.page.inner_text("#compare")).groups()
    assert share == f"{round(100 * int(hits) / int(known))} %"
    assert one.page.locator("#compare tr.hit").count() == int(hits)


def test_the_shares_of_pairs_are_those_of_the_table(visit):
    one = visit()
    one.page.select_option('#compare [data-select="metric"]', "2")
    shares = one.page.eval_on_selector_all(
        "[data-pair]",
        """buttons => buttons.map(b => {
            const rows = {0: 5, 1: 5, 2: 7}[b.dataset.pair[0]];
            return [parseInt(b.textContent) / 100, rows]; })""",
    )
    mean = sum(round(share * rows) for share, rows in shares) / sum(rows for _, rows in shares)
    row = one.page.locator(".identified tr", has_text="Linear CKA").filter(has_text="scaled")
    assert f"{100 * mean:.0f}\u00a0%" in row.first.text_content()


def test_every_measure_and_metric_can_be_chosen(visit):
    one = visit("many")
    for name, box in (
        ("measure", "#profile-view"),
        ("metric", "#compare"),
        ("metric", "#map-view"),
    ):
        values = one.page.eval_on_selector_all(
            f'{box} [data-select="{name}"] option', "options => options.map(o => o.value)"
        )
        assert len(values) == 20
        for value in values:
            one.page.select_option(f'{box} [data-select="{name}"]', value)
    groups = one.page.eval_on_selector_all(
        '#compare [data-select="metric"] optgroup', "groups => groups.map(g => g.label)"
    )
    assert groups == ["Between diagrams", "Same samples, row by row", "Other"]
    assert one.said == []


def test_the_map_and_the_heat_map_show_one_metric(visit):
    one = visit()
    before = one.page.inner_html("#map-view .drawing")
    one.page.select_option('#compare [data-select="metric"]', "2")
    assert one.page.input_value('#map-view [data-select="metric"]') == "2"
    assert one.page.inner_html("#map-view .drawing") != before
    one.page.select_option('#map-view [data-select="cloud"]', "1")
    assert one.page.input_value('#compare [data-select="cloud"]') == "1"


def test_the_map_brings_one_path_forward(visit):
    one = visit()
    assert one.page.locator("#map-view .way").count() == 1
    one.page.select_option('#map-view [data-select="path"]', "all")
    assert one.page.locator("#map-view .way").count() == 3
    one.page.select_option('#map-view [data-select="path"]', "none")
    assert one.page.locator("#map-view .way").count() == 0


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
    assert page.locator(".panels .small svg").count() == 17
    assert page.locator("svg.chart:visible").count() == 2
    assert page.locator(".small.profile svg:visible").count() == 3
    assert page.locator(".small.metric img:visible").count() == 3
    for scripted in ("#inspector", "#profile-view", "#compare", "#map-view"):
        assert not page.locator(scripted).is_visible()
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


SHOWN_GRAPH = "#mapper-view .drawing"


def test_the_mapper_view_shows_the_graph_that_is_chosen(visit):
    page = visit("mapped").page
    drawn = [page.inner_html(SHOWN_GRAPH)]
    page.select_option('#mapper-view [data-select="layer"]', "0")
    drawn.append(page.inner_html(SHOWN_GRAPH))
    page.select_option('#mapper-view [data-select="model"]', "1")
    drawn.append(page.inner_html(SHOWN_GRAPH))
    page.select_option('#mapper-view [data-select="mapper"]', "1")
    assert page.locator('#mapper-view [data-select="model"]').input_value() == "0"
    assert len(set(drawn)) == 3
    page.locator("#mapper .small.graph").nth(4).click()
    chosen = [page.locator(f'#mapper-view [data-select="{name}"]') for name in ("model", "layer")]
    assert [one.input_value() for one in chosen] == ["1", "1"]
    assert page.locator("#mapper .small.graph.chosen").count() == 1


def test_a_node_says_its_classes_and_a_class_can_stand_alone(visit):
    page = visit("mapped").page
    page.locator(f"{SHOWN_GRAPH} circle").last.hover()
    assert re.match(r"\d+ points?\nclass \d: \d+", page.inner_text("#tip"))
    page.click('[data-only-class="1"]')
    faint = page.evaluate(
        "[...document.querySelectorAll('#mapper-view .slices')].map(path => "
        "[path.dataset.class, path.classList.contains('faint')])"
    )
    assert faint
    assert all(is_faint == (number != "1") for number, is_faint in faint)
    page.select_option('#mapper-view [data-select="layer"]', "0")
    assert page.locator("#mapper-view .slices.faint").count() == 2
    page.click('[data-only-class="1"]')
    assert page.locator("#mapper .faint").count() == 0


def test_graphs_are_there_without_scripts(browser, pages):
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 1200, "height": 900}
    )
    page = context.new_page()
    page.goto(pages["mapped"].as_uri())
    boxes = [one.bounding_box() for one in page.locator("#mapper .small.graph use").all()]
    assert len(boxes) == 12
    assert all(box["width"] > 50 and box["height"] > 10 for box in boxes)
    assert page.locator("#mapper figure.printed svg.graph").first.is_visible()
    assert not page.locator("#mapper-view").is_visible()
    context.close()
