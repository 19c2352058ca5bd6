"""A browser without a window, and pages in it; skipped with a reason where there is none."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from benchbench.core.lines import sealed
from benchbench.report.figures import catalogue
from benchbench.report.write import write_report

ROOT = Path(__file__).parents[3]
QUIET = [
    "--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars",
]  # fmt: skip
SIZES = {"wide": (1280, 860), "narrow": (360, 780)}
PATIENCE = 20.0  # seconds


class Page:
    """A loaded page, and questions to it."""

    def __init__(self, driver):
        self.driver = driver

    def run(self, script, *arguments):
        """The result of a script."""
        return self.driver.execute_script(script, *arguments)

    def until(self, script, *arguments):
        """Wait until a script returns something true, and return it."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if found := self.run(f"return {script}", *arguments):
                return found
            time.sleep(0.02)
        raise TimeoutError(script)

    def texts(self, selector):
        """The texts of all elements."""
        return self.run(
            "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent.trim())", selector
        )

    def ready(self):
        """Wait until every chart is drawn."""
        self.until("document.documentElement.dataset.ready === 'yes'")

    def drawn(self, chart):
        """The picture of a chart, as text."""
        return self.run("return document.querySelector(`[data-chart=${arguments[0]}] svg`)?.outerHTML ?? ''", chart)

    def redrawn(self, chart, act):
        """The pictures of a chart before and after something that changes it."""
        before = self.drawn(chart)
        act()
        self.until(
            "(document.querySelector(`[data-chart=${arguments[0]}] svg`)?.outerHTML ?? '') !== arguments[1]",
            chart,
            before,
        )
        return before, self.drawn(chart)

    def press(self, *keys):
        """Press keys on the element that has the focus."""
        pytest.importorskip("selenium.webdriver").ActionChains(self.driver).send_keys(*keys).perform()

    def complaints(self):
        """The messages of the browser since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def asked(self):
        """The addresses that the page requested since the last call, by the browser's own log."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        urls = [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]
        return [url for url in urls if not url.startswith(("data:", "chrome:"))]  # the browser's own first page


@pytest.fixture(scope="session")
def driver(tmp_path_factory):
    """Chromium; one for all tests of a process, since it takes long to start."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="no selenium: make develop installs it")
    found = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    if lacking := [name for name, path in found.items() if path is None]:
        pytest.skip(f"no {' and no '.join(lacking)}: Debian's packages chromium and chromium-driver have them")
    options = webdriver.ChromeOptions()
    options.binary_location = found["chromium"]
    root = ["--no-sandbox"] if os.geteuid() == 0 else []  # its sandbox does not work for root
    for argument in [*QUIET, *root, f"--user-data-dir={tmp_path_factory.mktemp('browser')}"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(found["chromedriver"]))
    yield browser
    browser.quit()


@pytest.fixture
def page(driver):
    """Opens a file as a double click does; colours and size as the system has them."""

    def load(file, size="wide", colours="light"):
        width, height = SIZES[size]
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "narrow"}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        features = [{"name": "prefers-color-scheme", "value": colours}]
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        driver.execute_cdp_cmd("Emulation.setFocusEmulationEnabled", {"enabled": True})
        driver.get("about:blank")
        driver.get_log("browser")
        driver.get_log("performance")
        driver.get(Path(file).as_uri())
        opened.append(Page(driver))
        opened[-1].ready()
        return opened[-1]

    opened = []
    yield load
    for one in opened[-1:]:
        assert one.complaints() == []
        one.run("localStorage.clear()")


@pytest.fixture(scope="session")
def main():
    """The committed page of the study main."""
    return ROOT / "results" / "report" / "main" / "report.html"


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """Writes the page of some records, once for each name; its figures are empty files."""
    pages = {}

    def save(_, stem):
        for kind in ("png", "svg", "pdf"):
            stem.with_name(f"{stem.name}.{kind}").touch()

    def write(name, make):
        if name not in pages:
            results = tmp_path_factory.mktemp(name)
            place = results / "records" / "toy"
            place.mkdir(parents=True)
            (place / "toy.jsonl").write_bytes(b"\n".join(sealed(one) for one in make()) + b"\n")
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(catalogue, "save", save)
                pages[name] = write_report("toy", results).with_name("report.html")
        return pages[name]

    return write
